"""Devices that come online and go offline, on their way into the live feed."""

import asyncio
from datetime import datetime

import structlog

from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.errors import NotFound, Unavailable
from iotflow_server.telemetry.live.events import PresenceChange
from iotflow_server.telemetry.live.feed import LiveFeed
from iotflow_server.telemetry.times import to_ms

# Changes that wait for their devices' names; beyond that subscribers are told that they lost some.
MOST_WAITING = 100_000

log = structlog.get_logger(__name__)


class PresenceFeed:
    """Tells the subscribers of this process; every process finds out by itself who is online."""

    def __init__(self, feed: LiveFeed, directory: DeviceCache) -> None:
        self._feed = feed
        self._directory = directory
        self._changes: asyncio.Queue[tuple[int, bool, datetime]] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def changed(self, device_id: int, online: bool, at: datetime) -> None:
        """Never waits."""
        if not self._feed.subscribers:
            return
        if self._changes.full():
            self._feed.lose(1)
            return
        self._changes.put_nowait((device_id, online, at))

    async def start(self) -> None:
        """Tell from now on, until close."""
        self._task = asyncio.create_task(self._tell_all(), name="presence feed")

    async def close(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _tell_all(self) -> None:
        while True:
            device_id, online, at = await self._changes.get()
            try:
                device = await self._directory.get(device_id)
            except NotFound:
                continue
            except Unavailable:
                self._feed.lose(1)
            except Exception:
                # Without it nobody would hear of any device any more.
                log.exception("presence not told", device=device_id)
            else:
                self._feed.announce(PresenceChange(device, online, to_ms(at)))
