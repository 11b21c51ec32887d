"""Counts of devices by status and presence."""

from collections.abc import Mapping
from dataclasses import dataclass

from iotflow_server.devices.statistics import DeviceStatistics
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of devices of each status, and of devices that are online."""

    by_status: Mapping[str, int]
    online: int

    @property
    def total(self) -> int:
        """Number of all devices."""
        return sum(self.by_status.values())

    @property
    def offline(self) -> int:
        """Number of devices that are not online."""
        return self.total - self.online


class DeviceCounter:
    """Counts the devices of the registry. Raises Unavailable."""

    def __init__(self, *, figures: DeviceStatistics, last_seen: LastSeen, online: Online) -> None:
        self._figures = figures
        self._last_seen = last_seen
        self._online = online

    async def count(self) -> Counts:
        """Count the devices by status, and those that are online."""
        # The newest last-seen times are in memory only.
        await self._last_seen.flush()
        return Counts(await self._figures.by_status(), await self._figures.online(self._online.since))
