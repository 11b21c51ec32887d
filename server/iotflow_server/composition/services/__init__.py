"""Constructs the services; one module for each kind of caller."""
