"""Accounts of devices for MQTT brokers."""
