"""Generates the references of the REST and MQTT interfaces from the contract."""
