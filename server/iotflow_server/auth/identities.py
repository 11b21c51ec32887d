"""Devices and tokens by their credentials, cached for some seconds, so that most calls need no query."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from iotflow_server.auth.lookup_cache import LookupCache
from iotflow_server.auth.tokens import AccessToken, Tokens
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.devices.keys import DeviceKey, DeviceKeys
from iotflow_server.devices.registry import Registry


class Identities:
    """Caches devices by key and tokens by secret.

    A change by this process invalidates the cache at once. A change by another process takes effect after `ttl` seconds, or
    with its invalidation. size: the number of cached entries of each kind, and of unknown credentials. Every look-up may
    raise Unavailable.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        keys: DeviceKeys,
        tokens: Tokens,
        ttl: float = 5.0,
        size: int = 100_000,
        timer: Callable[[], float] = monotonic,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._devices = LookupCache(keys.find, ttl, size, timer)
        self._tokens = LookupCache(tokens.by_secret, ttl, size, timer)
        self._clock = clock
        registry.on_change(self.forget_device)
        tokens.on_change(self.forget_token)

    async def key(self, shown: str) -> DeviceKey | None:
        """The key, if it is valid now."""
        key = await self._devices.get(shown)
        return key if key is None or key.until is None or key.until > self._clock() else None

    async def device(self, shown: str) -> Device | None:
        """The device with this key."""
        key = await self.key(shown)
        return key.device if key else None

    async def token(self, secret: str) -> AccessToken | None:
        token = await self._tokens.get(secret)
        if token is None or token.expires_at is None or token.expires_at > self._clock():
            return token
        return None

    def is_known_key(self, shown: str) -> bool:
        """Whether the last look-up of this key found a device; it may have changed since."""
        return self._devices.is_known(shown)

    def is_known_token(self, secret: str) -> bool:
        """As is_known_key."""
        return self._tokens.is_known(secret)

    def forget_device(self, device_id: int) -> None:
        self._devices.forget(device_id)

    def forget_token(self, token_id: int) -> None:
        self._tokens.forget(token_id)

    def forget_all(self) -> None:
        """Clear the caches: other processes may have changed any device or token."""
        self._devices.forget_all()
        self._tokens.forget_all()

    async def close(self) -> None:
        """Cancel running look-ups."""
        await self._devices.close()
        await self._tokens.close()
