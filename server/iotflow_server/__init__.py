"""The IoTFlow server."""

from importlib.metadata import version

VERSION = version("iotflow-server")
