"""Client shells: of IoTDB, of Redis, and of Python with a connected client."""
