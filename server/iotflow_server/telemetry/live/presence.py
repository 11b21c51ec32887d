"""Presence changes on their way into the live feed."""

import asyncio
from datetime import datetime

import structlog

from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.errors import NotFound, Unavailable
from iotflow_server.telemetry.live.events import PresenceChange
from iotflow_server.telemetry.live.feed import LiveFeed
from iotflow_server.telemetry.times import to_ms

# Changes that wait for the names of their devices; a gap is reported for further ones.
MOST_WAITING = 100_000

log = structlog.get_logger(__name__)


class PresenceFeed:
    """Publishes presence changes to the subscribers of this process; every process detects the changes itself."""

    def __init__(self, feed: LiveFeed, device_cache: DeviceCache) -> None:
        self._feed = feed
        self._device_cache = device_cache
        self._changes: asyncio.Queue[tuple[int, bool, datetime]] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def changed(self, device_id: int, online: bool, at: datetime) -> None:
        """Queue a change; never waits."""
        if not self._feed.subscribers:
            return
        if self._changes.full():
            self._feed.mark_gap(1)
            return
        self._changes.put_nowait((device_id, online, at))

    async def start(self) -> None:
        """Start publishing."""
        self._task = asyncio.create_task(self._publish_all(), name="presence feed")

    async def close(self) -> None:
        """Stop publishing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _publish_all(self) -> None:
        while True:
            device_id, online, at = await self._changes.get()
            try:
                device = await self._device_cache.get(device_id)
            except NotFound:
                continue
            except Unavailable:
                self._feed.mark_gap(1)
            except Exception:
                # This task must go on: it serves all devices.
                log.exception("presence_change_not_published", device_id=device_id)
            else:
                self._feed.publish_presence(PresenceChange(device, online, to_ms(at)))
