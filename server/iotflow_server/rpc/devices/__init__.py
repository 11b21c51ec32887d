"""DeviceService: requests of devices about themselves."""
