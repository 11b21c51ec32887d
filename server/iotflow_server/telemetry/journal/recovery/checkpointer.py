"""Checkpoints of the journal, and the decision to replay it."""

import asyncio

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.flushed import FlushedBackend
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.recovery import Recovery
from iotflow_server.telemetry.ports import TelemetryWriter

# Interval at which the replay of another process is polled.
_OTHER_SECONDS = 0.1

_log = structlog.get_logger(__name__)


class Checkpointer:
    """Drops records that the backend has durably from the journal, and replays those that it may have lost.

    While the backend is behind, writes go to the journals only, behind the existing records. This keeps the order: an old
    value is never written after the one that overwrote it, whichever processes received them. due: there is work.
    problem: the error of the last probe.
    """

    def __init__(
        self, backend: FlushedBackend, writer: TelemetryWriter, journal: Journal, quiet_seconds: float
    ) -> None:
        self._backend = backend
        self._journal = journal
        self._lock = asyncio.Lock()
        self._epoch = 0
        self.recovery = Recovery(backend, writer, journal, quiet_seconds)
        self.due = asyncio.Event()
        self.available = True
        self.problem: Unavailable | None = None

    async def begin(self) -> None:
        """Check the journals at the start."""
        self._epoch = self._backend.epoch
        if not self.available or await self._journal.may_be_incomplete():
            self.fall_behind(self.available)

    @property
    def behind(self) -> bool:
        """Whether the backend lacks records of the journals of this disk."""
        return self._journal.coordinator.behind

    @property
    def restarted(self) -> bool:
        """Whether the backend may have restarted since the last check."""
        return self._backend.epoch != self._epoch

    @property
    def incomplete(self) -> bool:
        """Whether the backend may lack acknowledged readings."""
        return self.behind or self.restarted

    async def probe(self, seconds: float) -> bool:
        """Whether the backend accepts writes; it does not if it takes longer than this to respond."""
        try:
            async with asyncio.timeout(seconds):
                await self._backend.check()
        except Unavailable as refusal:
            self.available, self.problem = False, refusal
        except TimeoutError:
            self.available, self.problem = (
                False,
                Unavailable("STORE_SILENT", f"The telemetry store did not respond within {seconds:g} seconds."),
            )
        else:
            self.available, self.problem = True, None
        return self.available

    def fall_behind(self, available: bool) -> None:
        """From now on writes go to the journals only."""
        self.available = available
        if not self.behind:
            self._journal.coordinator.fall_behind()
            self.due.set()
            _log.warning("store_behind_journal", available=available)

    async def run_once(self) -> None:
        """Replay the journal, or flush the backend and drop its records from the journal. Raises Unavailable: try again later."""
        async with self._lock:
            if self.restarted:
                self.fall_behind(self.available)
            if self.behind:
                await self._catch_up()
            else:
                await self._checkpoint()

    async def empty_journal(self) -> None:
        """Flush the backend and empty the journal. Unavailable while the backend is behind."""
        self.check_caught_up()
        async with self._lock:
            self.check_caught_up()
            if not await self._checkpoint():
                raise _catching_up()

    def check_caught_up(self) -> None:
        """Raise Unavailable while the backend lacks records of the journals."""
        if self.behind:
            raise _catching_up()

    async def _checkpoint(self) -> bool:
        """Returns whether no record of before the call is left: another process may find meanwhile that the backend is behind."""
        await self._journal.seal()
        if not self._journal.bytes:
            return True
        coordinator = self._journal.coordinator
        now = coordinator.now()
        # A slow backend delays the checkpoint but not new writes.
        await coordinator.wait_started_before(now)
        if self.behind:
            return False
        try:
            await self._backend.flush()
        except Unavailable:
            self.fall_behind(available=False)
            raise
        if self.restarted:
            self.fall_behind(available=True)
            return False
        return await self._journal.mark_flushed(now)

    async def _catch_up(self) -> None:
        try:
            if not await self._try_replay():
                await self._await_other_replay()
        except Unavailable:
            self.available = False
            raise
        self.available = True

    async def _try_replay(self) -> bool:
        """Replay unless another process does; returns whether this process did."""
        with self._journal.replaying() as may_replay:
            # Another process may have finished a replay since.
            if may_replay and self.behind:
                await self.recovery.run(self._accept_epoch)
            return may_replay

    async def _await_other_replay(self) -> None:
        await self._journal.drop()
        # Called before the next write, so that a connection from before the restart does not report it afterwards.
        await self._backend.check()
        self._accept_epoch()
        await asyncio.sleep(_OTHER_SECONDS)

    def _accept_epoch(self) -> None:
        epoch = self._backend.epoch
        # While behind, only the replaying process, which flushes, has written to this epoch.
        if self.behind:
            self._epoch = epoch


def _catching_up() -> Unavailable:
    return Unavailable("STORE_CATCHING_UP", "The telemetry store does not have all readings yet; try again later.")
