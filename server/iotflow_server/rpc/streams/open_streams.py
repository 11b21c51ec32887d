"""A device is heard as long as a stream of its own is open, whether or not it says something."""

import asyncio

from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.streams.sessions import Sessions


class OpenStreams:
    """interval: seconds, well within the online window."""

    def __init__(self, sessions: Sessions, last_seen: LastSeen, interval: float) -> None:
        self._sessions = sessions
        self._last_seen = last_seen
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Note them from now on, until close."""
        self._task = asyncio.create_task(self._note_regularly(), name="open streams are heard")

    async def close(self) -> None:
        """Note no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _note_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            for session in self._sessions:
                if session.principal.device:
                    self._last_seen.record(session.principal.device.id)
