"""The ledger: every reading of a run, and what became of it."""
