"""LegacyService: paths of the predecessor."""
