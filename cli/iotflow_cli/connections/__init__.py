"""Connections of the commands to a server: over the contract only."""
