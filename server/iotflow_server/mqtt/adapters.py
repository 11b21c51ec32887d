"""The connected MQTT adapters: whether they reach their brokers, and the messages that they rejected."""

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# An adapter connects to its broker within START_SECONDS after its start. OFTEN lost connections within a minute are a problem.
START_SECONDS, MINUTE_SECONDS, OFTEN = 15.0, 60.0, 4
SEE_LOG = "the adapter's log has the cause (`broker_unavailable`, `broker_lost`)"
# Reasons are constants of the adapter. Further reasons are counted as OTHER, which bounds the memory.
MOST_REASONS, OTHER = 100, "OTHER"


class AdapterLinks:
    """Infers from the streams of the adapters whether they reach their brokers.

    An adapter watches accounts while it runs. It watches desired configurations only while it is connected to its broker. Other
    gateways watch configurations too: a caller without a stream of accounts is none of the adapters. Callers are given by the
    names of their principals, so that gateways with the token of an adapter are taken for it.
    """

    def __init__(self) -> None:
        self._watching: Counter[str] = Counter()
        self._retaining: Counter[str] = Counter()
        self._disconnected_since = 0.0
        self._lost: deque[float] = deque(maxlen=OFTEN)

    @contextmanager
    def watching(self, caller: str) -> Iterator[None]:
        """Count an adapter that watches accounts."""
        if not self._watching:
            self._disconnected_since = time.monotonic()
        with _counted(self._watching, caller):
            yield

    @contextmanager
    def retaining(self, caller: str) -> Iterator[None]:
        """Count a gateway that watches desired configurations."""
        try:
            with _counted(self._retaining, caller):
                yield
        finally:
            if caller in self._watching:
                self._disconnected_since = time.monotonic()
                self._lost.append(self._disconnected_since)

    async def check(self) -> str:
        """The problem as a sentence; empty: no problem, or no adapter."""
        now = time.monotonic()
        if not self._watching:
            return ""
        if not self._watching.keys() & self._retaining.keys() and now - self._disconnected_since > START_SECONDS:
            return f"The MQTT adapter has no connection to its broker; {SEE_LOG}."
        if len(self._lost) == OFTEN and now - self._lost[0] < MINUTE_SECONDS:
            return f"The MQTT adapter lost its broker {OFTEN} times within a minute; {SEE_LOG}."
        return ""


@contextmanager
def _counted(callers: Counter[str], caller: str) -> Iterator[None]:
    """One more stream of a caller. Callers without streams have no count."""
    callers[caller] += 1
    try:
        yield
    finally:
        callers[caller] -= 1
        if not callers[caller]:
            del callers[caller]


class RejectionCounts:
    """Counts of rejected messages by reason, of all adapters that report to this process, since its start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the counts of a report."""
        for reason, count in counts.items():
            is_counted = reason in self._counts or len(self._counts) < MOST_REASONS
            self._counts[reason if is_counted else OTHER] += count

    @property
    def counts(self) -> dict[str, float]:
        """The counts by reason."""
        return dict(self._counts)
