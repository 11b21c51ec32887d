"""The device registry: devices, their keys, and events of changes."""
