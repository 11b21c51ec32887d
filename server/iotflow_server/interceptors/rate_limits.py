"""So many unary calls a minute for each caller."""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from iotflow_server.access import Role, caller
from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.behaviours import Around, Context, Handler

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
        left, since = self._buckets.pop(name, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - since) * self._per_minute / 60)
        allowed = left >= 1
        self._buckets[name] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / self._per_minute


class RateLimits:
    """Stands behind the identity; anonymous callers are told apart by address. Streams are held by flow control instead."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def around(self, _method: str, handler: Handler) -> Around | None:
        return None if handler.request_streaming or handler.response_streaming else self._limit

    @asynccontextmanager
    async def _limit(self, _request: Any, context: Context) -> AsyncIterator[None]:
        who = caller()
        name = address(context) if who.role is Role.ANONYMOUS else who.name
        if wait := self._buckets.take(name):
            raise LimitExceeded("RATE_LIMIT", "too many calls; slow down", retry_after=wait)
        yield


def address(context: Context) -> str:
    """Where the call comes from; behind Envoy, the address it saw."""
    for key, value in context.invocation_metadata() or ():
        if key == "x-forwarded-for":
            return str(value).rsplit(",", 1)[-1].strip()
    peer = context.peer()
    return peer.rsplit(":", 1)[0]
