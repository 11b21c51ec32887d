"""What passes between devices and the server beside telemetry: commands, configurations, presence."""
