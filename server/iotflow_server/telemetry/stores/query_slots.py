"""Concurrent queries of a store, shared fairly between callers."""

from iotflow.fair_slots import FairSlots

# Largest number of slots of a caller. The rest stays free for others, and the event loop is not starved by reader threads.
MOST_PER_CALLER = 2


def query_slots(readers: int) -> FairSlots:
    """Slots for this many concurrent queries."""
    return FairSlots(readers, lambda _caller: MOST_PER_CALLER)
