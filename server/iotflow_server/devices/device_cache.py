"""A cache of devices by id."""

import time
from collections.abc import Callable

from cachetools import TTLCache

from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry


class DeviceCache:
    """A bounded cache of the registry, for frequent calls that name the same device."""

    def __init__(
        self, registry: Registry, ttl: float, size: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._devices: TTLCache[int, Device] = TTLCache(size, ttl, clock)
        self._invalidations = 0
        registry.on_change(self.forget)

    async def get(self, device_id: int) -> Device:
        """The device, at most ttl seconds old. Raises NotFound."""
        try:
            return self._devices[device_id]
        except KeyError:
            pass
        invalidations = self._invalidations
        device = await self._registry.get(device_id)
        # The result may be older than a change during the query.
        if invalidations == self._invalidations:
            self._devices[device_id] = device
        return device

    def forget(self, device_id: int) -> None:
        """Remove the device from the cache."""
        self._devices.pop(device_id, None)
        self._invalidations += 1

    def forget_all(self) -> None:
        """Clear the cache: other processes may have changed any device."""
        self._devices.clear()
        self._invalidations += 1
