"""The registry: who the devices are and who may do what."""
