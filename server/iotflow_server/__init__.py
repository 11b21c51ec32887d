"""The IoTFlow server."""

VERSION = "0.1.0"
