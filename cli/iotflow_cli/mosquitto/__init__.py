"""Mosquitto: the configuration for a broker of the operator's own, and the one that `iotflow up` runs."""
