"""Writes of one device one after the other, in the order in which they came."""

import asyncio
from collections.abc import Iterable


class PerDeviceLocks:
    """Keeps the calls of each device in the order in which they came."""

    def __init__(self) -> None:
        self._last: dict[int, asyncio.Future[None]] = {}

    def enter(self, device_ids: Iterable[int]) -> "PerDeviceLock":
        """Take a place behind all who came before; at once, so that the order is that of the calls."""
        places = set(device_ids)
        before = {self._last[device_id] for device_id in places if device_id in self._last}
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last.update(dict.fromkeys(places, end))
        return PerDeviceLock(self, places, before, end)

    def leave(self, device_ids: Iterable[int], end: asyncio.Future[None]) -> None:
        """Let the next in."""
        end.set_result(None)
        for device_id in device_ids:
            if self._last[device_id] is end:
                del self._last[device_id]


class PerDeviceLock:
    """A place in the lanes of some devices; `async with` it when it is one's turn."""

    def __init__(
        self, lanes: PerDeviceLocks, device_ids: set[int], before: set[asyncio.Future[None]], end: asyncio.Future[None]
    ) -> None:
        self._lanes = lanes
        self._device_ids = device_ids
        self._before = before
        self._end = end

    async def __aenter__(self) -> None:
        if self._before:
            await asyncio.wait(self._before)

    async def __aexit__(self, *_: object) -> None:
        self._lanes.leave(self._device_ids, self._end)
