"""Whether the MQTT adapters that are connected reach their brokers, as far as the server sees."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# An adapter that starts connects to its broker within that; a broker that was lost so often within a minute is lost again and again.
START_SECONDS, MINUTE_SECONDS, OFTEN = 15.0, 60.0, 4
SEE_LOG = "the adapter's log has the cause (`broker_unavailable`, `broker_lost`)"


class AdapterLinks:
    """An adapter follows the accounts as long as it runs, and the desired configurations as long as it has a broker to retain them."""

    def __init__(self) -> None:
        self._watching = 0
        self._retaining = 0
        self._apart_since = 0.0
        self._lost: deque[float] = deque(maxlen=OFTEN)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """An adapter follows the accounts."""
        if not self._watching:
            self._apart_since = time.monotonic()
        self._watching += 1
        try:
            yield
        finally:
            self._watching -= 1

    @contextmanager
    def retaining(self) -> Iterator[None]:
        """A gateway follows the desired configurations."""
        self._retaining += 1
        try:
            yield
        finally:
            self._retaining -= 1
            self._apart_since = time.monotonic()
            if self._watching:
                self._lost.append(self._apart_since)

    async def check(self) -> str:
        """What is amiss; empty: nothing, or there is no adapter."""
        now = time.monotonic()
        if not self._watching:
            return ""
        if not self._retaining and now - self._apart_since > START_SECONDS:
            return f"The MQTT adapter has no connection to its broker; {SEE_LOG}."
        if len(self._lost) == OFTEN and now - self._lost[0] < MINUTE_SECONDS:
            return f"The MQTT adapter lost its broker {OFTEN} times within a minute; {SEE_LOG}."
        return ""
