"""So many calls a minute for each caller."""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from iotflow.words import Role
from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import CallScope, Context, Handler

MOST_CALLERS = 100_000


class Buckets:
    """Token buckets: each refills evenly and holds a minute's worth."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Seconds until the next call is allowed; 0: this one is."""
        now = self._clock()
        left = self._left(name, now)
        self._buckets.pop(name, None)
        self._buckets[name] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return self._wait(left)

    def wait(self, name: str) -> float:
        """As take, without a call."""
        return self._wait(self._left(name, self._clock()))

    def is_in_use(self, name: str) -> bool:
        """Whether calls of this name are so recent that they still count."""
        return self._left(name, self._clock()) < self._per_minute

    def _left(self, name: str, now: float) -> float:
        left, since = self._buckets.get(name, (float(self._per_minute), now))
        return min(float(self._per_minute), left + (now - since) * self._per_minute / 60)

    def _wait(self, left: float) -> float:
        return 0.0 if left >= 1 else (1 - left) * 60 / self._per_minute


class RateLimits:
    """Anonymous callers are told apart by address. Gateways speak for many devices, and are not limited.

    A stream counts once, when it is opened; then flow control holds it.
    Stands behind the identity, which costs no query for callers that call often; credentials that nobody has are held by
    WrongCredentials, before they are looked up.
    """

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def wrap(self, _method: str, _handler: Handler) -> CallScope:
        return self._limit

    @asynccontextmanager
    async def _limit(self, _request: Any, context: Context) -> AsyncIterator[None]:
        principal = principal_of(context)
        if principal.role is Role.GATEWAY:
            yield
            return
        if wait := self._buckets.take(principal.limit_key):
            raise LimitExceeded("RATE_LIMIT", "too many calls; slow down", retry_after=wait)
        yield
