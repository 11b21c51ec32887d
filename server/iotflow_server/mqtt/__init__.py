"""Devices as MQTT brokers authenticate them."""
