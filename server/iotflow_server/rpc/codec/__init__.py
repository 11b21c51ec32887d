"""Conversion between wire messages and domain types."""
