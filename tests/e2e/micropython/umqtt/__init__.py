"""Stands in for MicroPython's package of this name."""
