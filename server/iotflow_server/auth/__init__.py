"""Principals, permissions and credentials."""
