"""When the backend is asked to make things durable, and how it gets what it may have lost."""

import asyncio
import math
import time
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.replay import Figures, Replay
from iotflow_server.telemetry.store import TelemetryStore

Answer = TypeVar("Answer")

# So little is replayed while new writes wait: some tens of milliseconds.
_LAST_ROUND_BYTES = 4 * 2**20
# How long to leave another process to its replay before asking again how far it is.
_OTHER_SECONDS = 0.1

_log = structlog.get_logger(__name__)


class FlushedStore(TelemetryStore, Protocol):
    """A backend that acknowledges what its own disk does not have yet."""

    @property
    def incarnation(self) -> int:
        """Another number as soon as the backend may have lost what was not flushed: its process, or a connection that
        stood for it, has gone. Changes before a write to the new one succeeds."""

    async def flush(self) -> None:
        """On return all that was written before is durable."""


class Keeper:
    """Drops from the journal what the backend has durably, and replays what it may have lost.

    behind: the backend lacks something of the journals of this disk; until it has it, writes go to the journals alone,
    behind what is there already. This keeps the order: an old value never comes after the one that overwrote it, whichever
    processes took them. due: there is work. trouble: what the last probe met.
    """

    def __init__(self, backend: FlushedStore, journal: Journal, quiet_seconds: float) -> None:
        self._backend = backend
        self._journal = journal
        self._quiet_seconds = quiet_seconds
        self._one_at_a_time = asyncio.Lock()
        self._incarnation = 0
        self.figures = Figures()
        self.due = asyncio.Event()
        self.replaying = False
        self.available = True
        self.trouble: Unavailable | None = None

    async def begin(self) -> None:
        """Look at what is in the journals at the start."""
        self._incarnation = self._backend.incarnation
        if not self.available or await self._journal.may_be_lacking():
            self.fall_behind(self.available)

    @property
    def behind(self) -> bool:
        return self._journal.traffic.behind

    @property
    def lost(self) -> bool:
        """Whether the backend is another than it was."""
        return self._backend.incarnation != self._incarnation

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

    async def durably(self, change: Coroutine[Any, Any, Answer]) -> Answer:
        """Change the backend; on return its disk has the change. Unavailable: it may not."""
        incarnation = self._backend.incarnation
        answer = await change
        await self._backend.flush()
        if self._backend.incarnation != incarnation:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store went away while it was written to.")
        return answer

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
        elif not self.behind:
            await self._journal.made_durable(now)

    async def _catch_up(self) -> None:
        with self._journal.replaying() as is_ours:
            if is_ours:
                # Another may have done it since.
                if self.behind:
                    await self._replay()
                return
        await self._journal.drop()
        # Asked before the next write, so that a connection from before the loss does not tell of it afterwards.
        await self._backend.check()
        self.available = True
        self._trust_the_backend()
        await asyncio.sleep(_OTHER_SECONDS)

    def _trust_the_backend(self) -> None:
        incarnation = self._backend.incarnation
        # Until then nobody but the one who replays, and flushes, has written to it.
        if self.behind:
            self._incarnation = incarnation

    async def _replay(self) -> None:
        try:
            self._journal.traffic.take_over()
            # From here on nobody but the replay writes to the backend.
            await self._journal.traffic.directs_ended()
            await self._await_quiet()
            self.available = self.replaying = True
            await self._replay_rounds(Replay(self._backend, await self._journal.past(), self.figures))
        except Unavailable:
            self.available = False
            raise
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

    async def _replay_rounds(self, replay: Replay) -> None:
        """Each round takes what came during the one before; while the last one runs, new writes wait, of all processes."""
        traffic = self._journal.traffic
        size, before = await self._replay_until(replay, await traffic.complete_until()), math.inf
        while _LAST_ROUND_BYTES < size <= before:
            # More came than half of what was written: without making the senders wait this would not end.
            size, before = await self._replay_until(replay, await traffic.complete_until()), size / 2
        async with traffic.stopped():
            await self._replay_until(replay, traffic.now())
            replay.end()
            self._trust_the_backend()
            traffic.reopen()
        _log.info("store_caught_up", replayed=self.figures.replayed, refused=self.figures.refused)

    async def _replay_until(self, replay: Replay, number: int) -> int:
        """Answers how many bytes of records there were up to this number."""
        size = 0
        while True:
            stretch = await self.durably(replay.stretch(number))
            size += stretch.bytes
            if stretch.is_last:
                await self._journal.made_durable(number)
                return size
            await self._journal.made_durable(stretch.last)
