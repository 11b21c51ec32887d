"""Status, commands, configurations and registration of devices."""
