"""Administration of the fleet."""
