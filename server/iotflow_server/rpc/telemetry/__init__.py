"""TelemetryService: readings in, readings out."""
