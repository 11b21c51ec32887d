"""Rejected messages: error topics, counters and reports."""
