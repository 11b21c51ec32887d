"""Limits the invalid credentials per minute, before further ones are looked up."""

from hashlib import sha256

from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.call_context import PeerAddresses
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rate_limits import Buckets


class WrongCredentials:
    """A repeated credential has a limit of its own; different credentials share the limit of their address.

    The limit prevents guessing of keys, and load on the database by look-ups. A device that repeats one wrong key does not
    use the limit of other devices behind the same address.
    """

    def __init__(self, per_minute: int, addresses: PeerAddresses) -> None:
        self._addresses = addresses
        self._repeated = Buckets(per_minute)
        self._different = Buckets(per_minute)

    def check(self, shown: str, context: Context) -> None:
        """Raise LimitExceeded if this credential, or the caller's address, is above its limit."""
        name = _name(shown)
        wait = self._repeated.wait(name)
        if not self._repeated.is_in_use(name):
            wait = self._different.wait(self._addresses.of(context))
        if wait:
            raise LimitExceeded(
                "RATE_LIMIT", "Too many wrong credentials came from this address; try again later.", retry_after=wait
            )

    def count(self, shown: str, context: Context) -> None:
        """Count an invalid credential."""
        name = _name(shown)
        if not self._repeated.is_in_use(name):
            self._different.take(self._addresses.of(context))
        self._repeated.take(name)


def _name(shown: str) -> str:
    """A digest, which is bounded and keeps no secret: the credential may be a misspelt key of another device."""
    return sha256(shown.encode(errors="replace")).hexdigest()
