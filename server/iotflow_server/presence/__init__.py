"""Last seen times and online state of devices."""
