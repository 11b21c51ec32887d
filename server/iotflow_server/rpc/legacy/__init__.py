"""LegacyService: REST paths of the older service."""
