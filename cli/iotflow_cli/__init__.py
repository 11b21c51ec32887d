"""The `iotflow` command: runs the service on one machine."""
