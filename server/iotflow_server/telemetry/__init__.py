"""Readings: batches, ingestion, queries, the live feed, and the ports to the store."""
