"""Checkpoints, and replay of what the backend may have lost."""
