"""Decodes messages and joins them into batches of the telemetry stream."""
