"""Envoy as the gateway: its configuration and the process that runs it."""
