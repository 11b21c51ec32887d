"""Desired configurations and their difference from the reported ones."""
