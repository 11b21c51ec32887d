"""Devices by id, remembered for a short time."""

import time
from collections import OrderedDict
from collections.abc import Callable

from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry


class DeviceCache:
    """A bounded memory of the registry, for calls that name a device again and again."""

    def __init__(
        self, registry: Registry, ttl: float, size: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._devices: OrderedDict[int, tuple[float, Device]] = OrderedDict()
        self._forgotten = 0
        registry.on_change(self.forget)

    async def get(self, device_id: int) -> Device:
        """The device, at most ttl seconds old. Raises NotFound."""
        known = self._devices.get(device_id)
        if known and self._clock() < known[0]:
            return known[1]
        forgotten = self._forgotten
        device = await self._registry.get(device_id)
        # An answer under way may be from before the change.
        if forgotten == self._forgotten:
            self._remember(device)
        return device

    def forget(self, device_id: int) -> None:
        """Ask the registry next time."""
        self._devices.pop(device_id, None)
        self._forgotten += 1

    def forget_all(self) -> None:
        """Others may have changed any of them."""
        self._devices.clear()
        self._forgotten += 1

    def _remember(self, device: Device) -> None:
        self._devices[device.id] = (self._clock() + self._ttl, device)
        self._devices.move_to_end(device.id)
        if len(self._devices) > self._size:
            self._devices.popitem(last=False)
