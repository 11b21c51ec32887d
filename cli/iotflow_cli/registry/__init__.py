"""Devices, tokens and the audit log of a server, and the schema of its registry."""
