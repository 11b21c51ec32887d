"""How the backend gets what it may have lost, from the journals of all processes."""

import asyncio
import math
import time
from collections.abc import Callable

import structlog

from iotflow_server.telemetry.journal.flushed import FlushedBackend, durably
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.replay import Replay, ReplayFigures
from iotflow_server.telemetry.ports import TelemetryWriter

# So little is replayed while new writes wait: some tens of milliseconds.
_LAST_ROUND_BYTES = 4 * 2**20

_log = structlog.get_logger(__name__)


class Recovery:
    """For the one process that replays, while the backend is behind. replaying: it is under way."""

    def __init__(
        self, backend: FlushedBackend, writer: TelemetryWriter, journal: Journal, quiet_seconds: float
    ) -> None:
        self._backend = backend
        self._writer = writer
        self._journal = journal
        self._quiet_seconds = quiet_seconds
        self.figures = ReplayFigures()
        self.replaying = False

    async def run(self, caught_up: Callable[[], None]) -> None:
        """Until the backend has everything and is written to again; caught_up: called right before. Unavailable: try again
        later."""
        traffic = self._journal.traffic
        traffic.take_over()
        # From here on nobody but the replay writes to the backend.
        await traffic.directs_ended()
        await self._await_quiet()
        self.replaying = True
        try:
            past = await self._journal.past()
            await self._replay(Replay(self._writer, traffic, past, self.figures), caught_up)
        finally:
            self.replaying = False

    async def _await_quiet(self) -> None:
        """Until the backend has answered without a pause for quiet_seconds.

        Writes that were cut off, of this process or of one that is gone, may lie before a backend that stood still. When
        it goes on it carries them out, within some tens of milliseconds; before that nothing newer may be written.
        """
        await self._backend.check()
        pause = math.inf
        while pause > self._quiet_seconds:
            asked = time.monotonic()
            await asyncio.sleep(self._quiet_seconds)
            await self._backend.check()
            pause = time.monotonic() - asked - self._quiet_seconds

    async def _replay(self, replay: Replay, caught_up: Callable[[], None]) -> None:
        """Each round takes what came during the one before; while the last one runs, new writes wait, of all processes."""
        traffic = self._journal.traffic
        size, before = await self._replay_until(replay, await traffic.complete_until()), math.inf
        while _LAST_ROUND_BYTES < size <= before:
            # More came than half of what was written: without making the senders wait this would not end.
            size, before = await self._replay_until(replay, await traffic.complete_until()), size / 2
        async with traffic.stopped():
            await self._replay_until(replay, await traffic.complete_until())
            replay.end()
            caught_up()
            traffic.reopen()
        _log.info("store_caught_up", replayed=self.figures.replayed, refused=self.figures.refused)

    async def _replay_until(self, replay: Replay, number: int) -> int:
        """Answers how many bytes of records there were up to this number."""
        size = 0
        while True:
            stretch = await durably(self._backend, replay.stretch(number))
            size += stretch.bytes
            if stretch.is_last:
                await self._journal.made_durable(number)
                return size
            await self._journal.made_durable(stretch.last)
