"""Limits the calls per minute of each caller."""

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
    """Token buckets: each refills at a constant rate and holds the calls of one minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Count a call. Returns the seconds until a call is allowed; 0: this call is allowed."""
        now = self._clock()
        left = self._left(name, now)
        self._buckets.pop(name, None)
        self._buckets[name] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return self._wait(left)

    def wait(self, name: str) -> float:
        """As take, without counting a call."""
        return self._wait(self._left(name, self._clock()))

    def is_in_use(self, name: str) -> bool:
        """Whether recent calls of this name still count."""
        return self._left(name, self._clock()) < self._per_minute

    def _left(self, name: str, now: float) -> float:
        left, since = self._buckets.get(name, (float(self._per_minute), now))
        return min(float(self._per_minute), left + (now - since) * self._per_minute / 60)

    def _wait(self, left: float) -> float:
        return 0.0 if left >= 1 else (1 - left) * 60 / self._per_minute


class RateLimits:
    """Anonymous callers are identified by address. Gateways act for many devices and are exempt.

    A stream counts once, when it is opened; afterwards flow control limits it. This middleware runs after authentication,
    which is cached for frequent callers. WrongCredentials limits invalid credentials before they are looked up.
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
            raise LimitExceeded(
                "RATE_LIMIT", "The caller makes too many calls; wait for the time in retry-after.", retry_after=wait
            )
        yield
