"""Models of devices: state machines that compute readings, execute commands and follow a desired configuration."""
