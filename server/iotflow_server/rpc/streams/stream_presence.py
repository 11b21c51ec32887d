"""Presence of devices with an open stream: such a device is online, even if it sends nothing."""

import asyncio

from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.streams.active_streams import ActiveStreams


class StreamPresence:
    """Records the devices of open streams at an interval. interval: seconds, less than the online window."""

    def __init__(self, active_streams: ActiveStreams, last_seen: LastSeen, interval: float) -> None:
        self._active_streams = active_streams
        self._last_seen = last_seen
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Record at the interval, until close."""
        self._task = asyncio.create_task(self._record_repeatedly(), name="stream presence")

    async def close(self) -> None:
        """Stop recording."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _record_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            for stream in self._active_streams:
                if stream.principal.device:
                    self._last_seen.record(stream.principal.device.id)
