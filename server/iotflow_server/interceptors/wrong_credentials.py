"""So many wrong credentials a minute, counted before the next one is looked up."""

from hashlib import sha256

from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.peer_addresses import PeerAddresses
from iotflow_server.interceptors.rate_limits import Buckets


class WrongCredentials:
    """One that is shown again and again counts for itself, different ones for their address.

    So nobody can try keys, or keep the registry busy with looking for them, and a device that has a wrong key does not use up
    what its neighbours behind the same address have.
    """

    def __init__(self, per_minute: int, addresses: PeerAddresses) -> None:
        self._addresses = addresses
        self._repeated = Buckets(per_minute)
        self._different = Buckets(per_minute)

    def check(self, shown: str, context: Context) -> None:
        """Raise LimitExceeded where this one, or others from the caller's address, were shown too often."""
        name = _name(shown)
        wait = self._repeated.wait(name)
        if not self._repeated.is_in_use(name):
            wait = self._different.wait(self._addresses.of(context))
        if wait:
            raise LimitExceeded(
                "RATE_LIMIT", "Too many wrong credentials came from this address; try again later.", retry_after=wait
            )

    def count(self, shown: str, context: Context) -> None:
        """This one is wrong."""
        name = _name(shown)
        if not self._repeated.is_in_use(name):
            self._different.take(self._addresses.of(context))
        self._repeated.take(name)


def _name(shown: str) -> str:
    """Bounded, and no secret: it may be another device's key with a slip of the pen."""
    return sha256(shown.encode(errors="replace")).hexdigest()
