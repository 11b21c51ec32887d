"""Mosquitto: a configuration for operators, and the broker that `iotflow up` runs."""
