"""TokenService: bearer tokens."""
