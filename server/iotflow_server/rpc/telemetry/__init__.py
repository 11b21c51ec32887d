"""TelemetryService: storage and retrieval of readings."""
