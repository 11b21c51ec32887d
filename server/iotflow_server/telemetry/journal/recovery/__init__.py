"""Checkpoints, and replay of records that the backend may have lost."""
