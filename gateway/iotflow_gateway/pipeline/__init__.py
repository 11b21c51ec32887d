"""From MQTT messages to batches on the telemetry stream."""
