"""`iotflow telemetry`: sends, reads, exports and deletes readings."""
