"""Reported and desired configurations."""
