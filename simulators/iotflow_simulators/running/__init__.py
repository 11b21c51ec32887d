"""Runs the plan of a scenario against a service."""
