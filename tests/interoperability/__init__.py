"""The MQTT endpoint against tests and clients of others: `make mqtt-interoperability`."""
