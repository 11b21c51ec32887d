"""The backends of the store port."""
