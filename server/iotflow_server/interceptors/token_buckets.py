"""Token buckets: each holds the calls of one minute, and refills at a constant rate."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from iotflow_server.errors import LimitExceeded

# Callers with a bucket that is not full; beyond it, the one that called least recently gets a full bucket.
MOST_CALLERS = 100_000


class Buckets(Protocol):
    """The buckets of one limit, by name. A bucket without a whole token allows no call."""

    @property
    def per_minute(self) -> int:
        """The tokens of a full bucket, and those that it gets in one minute."""

    async def take(self, name: str) -> float:
        """Take a token if there is one. Returns the tokens before that."""

    async def left(self, name: str) -> float:
        """The tokens in the bucket."""


# Makes the buckets of a limit, by its name and the calls per minute.
BucketsFactory = Callable[[str, int], Buckets]


class LocalBuckets:
    """Buckets of this process.

    Hand-written: the storage in memory of the library `limits` takes 4 to 14 µs a call instead of 1, has no bound, and
    follows the wall clock. clock: seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        # The tokens, and when they were counted; in the order of the last call.
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def take(self, name: str) -> float:
        now = self._clock()
        left = self._left(self._buckets.pop(name, None), now)
        self._buckets[name] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return left

    async def left(self, name: str) -> float:
        return self._left(self._buckets.get(name), self._clock())

    def _left(self, bucket: tuple[float, float] | None, now: float) -> float:
        if bucket is None:
            return float(self.per_minute)
        left, since = bucket
        return min(float(self.per_minute), left + (now - since) * self.per_minute / 60)


def check_tokens(left: float, per_minute: int, problem: str) -> None:
    """Raise LimitExceeded with the time until the next token if no whole one is left. problem: its message."""
    if left < 1:
        raise LimitExceeded("RATE_LIMIT", problem, retry_after=(1 - left) * 60 / per_minute)
