"""`iotflow config`: desired configurations of devices."""
