"""Envoy: its configuration, and the command that runs it."""
