"""The IoTFlow server."""
