"""Profiles: servers that the commands administer, with their credentials."""
