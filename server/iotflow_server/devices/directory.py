"""Devices by id, remembered for a short time."""

import time
from collections import OrderedDict
from collections.abc import Callable

from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry


class Directory:
    """A bounded memory of the registry, for calls that name a device again and again."""

    def __init__(
        self, registry: Registry, ttl: float = 5.0, size: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._devices: OrderedDict[int, tuple[float, Device]] = OrderedDict()
        registry.on_change(self.forget)

    async def get(self, device_id: int) -> Device:
        """The device, at most ttl seconds old. Raises NotFound."""
        known = self._devices.get(device_id)
        if known and self._clock() < known[0]:
            return known[1]
        device = await self._registry.get(device_id)
        self._devices[device_id] = (self._clock() + self._ttl, device)
        self._devices.move_to_end(device_id)
        if len(self._devices) > self._size:
            self._devices.popitem(last=False)
        return device

    def forget(self, device_id: int) -> None:
        """Ask the registry next time."""
        self._devices.pop(device_id, None)
