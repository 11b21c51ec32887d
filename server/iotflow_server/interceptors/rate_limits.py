"""Limits per minute: the calls of each caller, and invalid credentials before further ones are looked up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from iotflow.words import Role
from iotflow_server.interceptors.call_context import PeerAddresses, principal_of
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


class WrongCredentials:
    """A repeated credential has a limit of its own; different credentials share the limit of their address.

    The limit prevents guessing of keys, and load on the database by look-ups. A device that repeats one wrong key does not
    use the limit of other devices behind the same address.
    """

    def __init__(self, *, repeated: Buckets, different: Buckets, addresses: PeerAddresses) -> None:
        self._repeated = repeated
        self._different = different
        self._addresses = addresses

    async def check(self, shown: str, context: Context) -> None:
        """Raise LimitExceeded if this credential, or the caller's address, is above its limit."""
        buckets, left = self._repeated, await self._repeated.left(_name(shown))
        if left >= buckets.per_minute:
            buckets, left = self._different, await self._different.left(self._addresses.of(context))
        check_tokens(left, buckets.per_minute, "Too many wrong credentials came from this address; try again later.")

    async def count(self, shown: str, context: Context) -> None:
        """Count an invalid credential."""
        if await self._repeated.take(_name(shown)) >= self._repeated.per_minute:
            await self._different.take(self._addresses.of(context))


def _name(shown: str) -> str:
    """A digest, which is bounded and keeps no secret: the credential may be a misspelt key of another device."""
    return sha256(shown.encode(errors="replace")).hexdigest()
