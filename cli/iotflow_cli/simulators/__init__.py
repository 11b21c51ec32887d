"""`iotflow simulate` and `iotflow verify`."""
