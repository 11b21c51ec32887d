"""What a command returns, and the one place that shows it: tables and records for people, JSON for programs."""
