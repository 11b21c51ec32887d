"""When the backend is asked to make things durable, and when it gets what it may have lost."""

import asyncio

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.flushed import FlushedBackend
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.recovery import Recovery
from iotflow_server.telemetry.ports import TelemetryWriter

# How long to leave another process to its replay before asking again how far it is.
_OTHER_SECONDS = 0.1

_log = structlog.get_logger(__name__)


class Checkpointer:
    """Drops from the journal what the backend has durably, and replays what it may have lost.

    behind: the backend lacks something of the journals of this disk; until it has it, writes go to the journals alone,
    behind what is there already. This keeps the order: an old value never comes after the one that overwrote it, whichever
    processes took them. due: there is work. trouble: what the last probe met.
    """

    def __init__(
        self, backend: FlushedBackend, writer: TelemetryWriter, journal: Journal, quiet_seconds: float
    ) -> None:
        self._backend = backend
        self._journal = journal
        self._one_at_a_time = asyncio.Lock()
        self._incarnation = 0
        self.recovery = Recovery(backend, writer, journal, quiet_seconds)
        self.due = asyncio.Event()
        self.available = True
        self.trouble: Unavailable | None = None

    async def begin(self) -> None:
        """Look at what is in the journals at the start."""
        self._incarnation = self._backend.epoch
        if not self.available or await self._journal.may_be_lacking():
            self.fall_behind(self.available)

    @property
    def behind(self) -> bool:
        return self._journal.traffic.behind

    @property
    def lost(self) -> bool:
        """Whether the backend is another than it was."""
        return self._backend.epoch != self._incarnation

    @property
    def lacking(self) -> bool:
        """Whether the backend may lack what was acknowledged."""
        return self.behind or self.lost

    async def probe(self, seconds: float) -> bool:
        """Whether the backend takes writes now; one that says nothing for so long does not."""
        try:
            async with asyncio.timeout(seconds):
                await self._backend.check()
        except Unavailable as refusal:
            self.available, self.trouble = False, refusal
        except TimeoutError:
            self.available, self.trouble = (
                False,
                Unavailable("STORE_SILENT", f"It said nothing for {seconds:g} seconds."),
            )
        else:
            self.available, self.trouble = True, None
        return self.available

    def fall_behind(self, available: bool) -> None:
        """From now on the journals come first."""
        self.available = available
        if not self.behind:
            self._journal.traffic.fall_behind()
            self.due.set()
            _log.warning("store_behind_journal", available=available)

    async def work(self) -> None:
        """Bring the backend to where the journal can be emptied, and empty it. Unavailable: try again later."""
        async with self._one_at_a_time:
            if self.lost:
                self.fall_behind(self.available)
            if self.behind:
                await self._catch_up()
            else:
                await self._checkpoint()

    async def settle(self) -> None:
        """Empty the journal. Unavailable while the backend is behind."""
        self.check_caught_up()
        async with self._one_at_a_time:
            self.check_caught_up()
            await self._checkpoint()
        self.check_caught_up()

    def check_caught_up(self) -> None:
        """Raise Unavailable while the backend lacks something of the journals."""
        if self.behind:
            raise Unavailable(
                "STORE_CATCHING_UP", "The telemetry store does not have all readings yet; try again later."
            )

    async def _checkpoint(self) -> None:
        await self._journal.seal()
        if not self._journal.bytes:
            return
        traffic = self._journal.traffic
        now = traffic.now()
        # A slow backend holds up this, and no new writes.
        await traffic.ended(before=now)
        if self.behind:
            return
        try:
            await self._backend.flush()
        except Unavailable:
            self.fall_behind(available=False)
            raise
        if self.lost:
            self.fall_behind(available=True)
        else:
            await self._journal.flushed(now)

    async def _catch_up(self) -> None:
        try:
            if not await self._replayed():
                await self._leave_it_to_another()
        except Unavailable:
            self.available = False
            raise
        self.available = True

    async def _replayed(self) -> bool:
        """Bring the backend up to date, unless another process is doing that."""
        with self._journal.replaying() as is_ours:
            # Another may have done it since.
            if is_ours and self.behind:
                await self.recovery.run(self._trust_the_backend)
            return is_ours

    async def _leave_it_to_another(self) -> None:
        await self._journal.drop()
        # Asked before the next write, so that a connection from before the loss does not tell of it afterwards.
        await self._backend.check()
        self._trust_the_backend()
        await asyncio.sleep(_OTHER_SECONDS)

    def _trust_the_backend(self) -> None:
        epoch = self._backend.epoch
        # Until then nobody but the one who replays, and flushes, has written to it.
        if self.behind:
            self._incarnation = epoch
