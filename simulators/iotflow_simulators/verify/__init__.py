"""Proves what became of the readings of a ledger."""
