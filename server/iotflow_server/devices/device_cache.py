"""A cache of devices by id."""

import time
from collections.abc import Callable, Iterable

from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry


class DeviceCache:
    """A bounded cache of the registry, for frequent calls that name the same device."""

    def __init__(
        self, registry: Registry, ttl: float, size: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._ttl, self._size, self._clock = ttl, size, clock
        # Each with the end of its time, the oldest entry first.
        self._devices: dict[int, tuple[Device, float]] = {}
        self._invalidations = 0
        registry.on_change(self.forget)

    async def get(self, device_id: int) -> Device:
        """The device, at most ttl seconds old. Raises NotFound."""
        (known,) = self.known([device_id])
        if known is not None:
            return known
        invalidations = self._invalidations
        device = await self._registry.get(device_id)
        # The result may be older than a change during the query.
        if invalidations == self._invalidations:
            self._keep(device)
        return device

    def known(self, device_ids: Iterable[int]) -> list[Device | None]:
        """The devices that are cached; None for each of the others."""
        now, entries = self._clock(), self._devices
        return [
            entry[0] if (entry := entries.get(device_id)) is not None and entry[1] > now else None
            for device_id in device_ids
        ]

    def _keep(self, device: Device) -> None:
        self._devices.pop(device.id, None)
        if len(self._devices) >= self._size:
            del self._devices[next(iter(self._devices))]
        self._devices[device.id] = device, self._clock() + self._ttl

    def forget(self, device_id: int) -> None:
        """Remove the device from the cache."""
        self._devices.pop(device_id, None)
        self._invalidations += 1

    def forget_all(self) -> None:
        """Clear the cache: other processes may have changed any device."""
        self._devices.clear()
        self._invalidations += 1
