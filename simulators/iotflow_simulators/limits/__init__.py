"""Finds the highest rate at which a service keeps stated bounds."""
