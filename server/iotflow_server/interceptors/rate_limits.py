"""Limits the calls per minute of each caller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from iotflow.words import Role
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import CallScope, Context, Handler
from iotflow_server.interceptors.token_buckets import Buckets, check_tokens


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
        left = await self._buckets.take(principal.limit_key)
        check_tokens(
            left, self._buckets.per_minute, "The caller makes too many calls; wait for the time in retry-after."
        )
        yield
