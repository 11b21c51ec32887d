"""Limits the invalid credentials per minute, before further ones are looked up."""

from hashlib import sha256

from iotflow_server.interceptors.call_context import PeerAddresses
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.token_buckets import Buckets, check_tokens


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
