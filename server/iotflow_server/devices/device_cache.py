"""A cache of devices by id."""

import time
from collections import OrderedDict
from collections.abc import Callable

from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry


class DeviceCache:
    """A bounded cache of the registry, for frequent calls that name the same device."""

    def __init__(
        self, registry: Registry, ttl: float, size: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._devices: OrderedDict[int, tuple[float, Device]] = OrderedDict()
        self._invalidations = 0
        registry.on_change(self.forget)

    async def get(self, device_id: int) -> Device:
        """The device, at most ttl seconds old. Raises NotFound."""
        known = self._devices.get(device_id)
        if known and self._clock() < known[0]:
            return known[1]
        invalidations = self._invalidations
        device = await self._registry.get(device_id)
        # The result may be older than a change during the query.
        if invalidations == self._invalidations:
            self._remember(device)
        return device

    def forget(self, device_id: int) -> None:
        """Remove the device from the cache."""
        self._devices.pop(device_id, None)
        self._invalidations += 1

    def forget_all(self) -> None:
        """Clear the cache: other processes may have changed any device."""
        self._devices.clear()
        self._invalidations += 1

    def _remember(self, device: Device) -> None:
        self._devices[device.id] = (self._clock() + self._ttl, device)
        self._devices.move_to_end(device.id)
        if len(self._devices) > self._size:
            self._devices.popitem(last=False)
