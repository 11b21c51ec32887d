"""Segment files and their records."""
