"""Readings: batches, the way in, queries, the live feed, and the port to the store."""
