"""Recovery of the backend from the journals of all processes."""

import asyncio
import math
import time
from collections.abc import Callable

import structlog

from iotflow_server.telemetry.journal.flushed import FlushedBackend, durably
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.replay import Replay, ReplayFigures
from iotflow_server.telemetry.ports import TelemetryWriter

# Largest final round, which blocks new writes: it takes some tens of milliseconds.
_LAST_ROUND_BYTES = 4 * 2**20

_log = structlog.get_logger(__name__)


class Recovery:
    """Run by the replaying process while the backend is behind. replaying: a replay is in progress."""

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
        """Replay until the backend is complete, then allow writes to it; caught_up is called right before that. Raises
        Unavailable: try again later."""
        coordinator = self._journal.coordinator
        coordinator.take_over()
        # From here on only the replay writes to the backend.
        await coordinator.wait_for_backend_writes()
        await self._await_quiet()
        self.replaying = True
        try:
            bounds = await self._journal.replay_bounds()
            await self._replay(Replay(self._writer, coordinator, bounds, self.figures), caught_up)
        finally:
            self.replaying = False

    async def _await_quiet(self) -> None:
        """Wait until the backend has responded without a pause for quiet_seconds.

        A backend that hung may still hold interrupted writes, of this process or of an ended one. When it continues it
        carries them out within some tens of milliseconds; nothing newer may be written before that.
        """
        await self._backend.check()
        pause = math.inf
        while pause > self._quiet_seconds:
            started = time.monotonic()
            await asyncio.sleep(self._quiet_seconds)
            await self._backend.check()
            pause = time.monotonic() - started - self._quiet_seconds

    async def _replay(self, replay: Replay, caught_up: Callable[[], None]) -> None:
        """Each round replays the records appended during the one before; the last one blocks new writes of all processes."""
        coordinator = self._journal.coordinator
        size, before = await self._replay_until(replay, await coordinator.complete_until()), math.inf
        while _LAST_ROUND_BYTES < size <= before:
            # More than half as much was appended as was replayed: only blocking the senders ends this.
            size, before = await self._replay_until(replay, await coordinator.complete_until()), size / 2
        async with coordinator.appends_blocked():
            await self._replay_until(replay, await coordinator.complete_until())
            replay.finish()
            caught_up()
            coordinator.reopen()
        _log.info("store_caught_up", replayed=self.figures.replayed, rejected=self.figures.rejected)

    async def _replay_until(self, replay: Replay, number: int) -> int:
        """Replay up to this number; returns the size of the records."""
        size = 0
        while True:
            progress = await durably(self._backend, replay.write_next(number))
            size += progress.bytes
            if progress.is_last:
                await self._journal.mark_durable(number)
                return size
            await self._journal.mark_durable(progress.last)
