"""SystemService: health, metrics and status."""
