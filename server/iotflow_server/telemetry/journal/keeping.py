"""When the backend is asked to make things durable, and how it gets what it may have lost."""

import asyncio
import math
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.gate import Gate, UnderWay
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.replay import Replay
from iotflow_server.telemetry.journal.segments import Segment
from iotflow_server.telemetry.store import TelemetryStore

# So little is replayed while new writes wait: some tens of milliseconds.
_LAST_ROUND_BYTES = 4 * 2**20

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

    behind: the backend lacks something of the journal; until it has it, writes go to the journal alone, behind what is
    there already. This keeps the order: an old value never comes after the one that overwrote it. due: there is work.
    direct: the writes that go to journal and backend both; none begins while behind. trouble: what the last probe met.
    """

    def __init__(self, backend: FlushedStore, journal: Journal, gate: Gate, quiet_seconds: float) -> None:
        self._backend = backend
        self._journal = journal
        self._gate = gate
        self._quiet_seconds = quiet_seconds
        self._one_at_a_time = asyncio.Lock()
        self._incarnation = 0
        self.replay = Replay(backend)
        self.due = asyncio.Event()
        self.direct = UnderWay()
        self.behind = False
        self.replaying = False
        self.available = True
        self.trouble: Unavailable | None = None

    def begin(self) -> None:
        """Look at what is in the journal at the start."""
        self._incarnation = self._backend.incarnation
        # What a process that died was writing may be on its way to the backend still.
        self.behind = self._journal.bytes > 0 or self._journal.is_inherited or not self.available

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
        """From now on the journal comes first."""
        self.available = available
        if not self.behind:
            self.behind = True
            self.due.set()
            _log.warning("store_behind_journal", available=available)

    async def work(self) -> None:
        """Bring the backend to where the journal can be emptied, and empty it. Unavailable: try again later."""
        async with self._one_at_a_time:
            if self.behind:
                await self._catch_up()
            else:
                await self._checkpoint()

    async def settle(self) -> None:
        """Like work, but raises Unavailable at once while the backend is behind."""
        self.check_caught_up()
        async with self._one_at_a_time:
            self.check_caught_up()
            await self._checkpoint()
        self.check_caught_up()

    def check_caught_up(self) -> None:
        """Raise Unavailable while the backend lacks something of the journal."""
        if self.behind:
            raise Unavailable(
                "STORE_CATCHING_UP", "The telemetry store does not have all readings yet; try again later."
            )

    async def durably(self, change: Coroutine[Any, Any, None]) -> None:
        """Change the backend; on return its disk has the change. Unavailable: it may not."""
        incarnation = self._backend.incarnation
        await change
        await self._backend.flush()
        if self._backend.incarnation != incarnation:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store went away while it was written to.")

    async def _checkpoint(self) -> None:
        sealed = await self._journal.seal()
        # A slow backend holds up this, and no new writes.
        await self.direct.ended()
        if not sealed or self.behind:
            return
        try:
            await self._backend.flush()
        except Unavailable:
            self.fall_behind(available=False)
            raise
        if self.lost:
            self.fall_behind(available=True)
        else:
            await self._drop(sealed)

    async def _catch_up(self) -> None:
        try:
            # From here on nobody but the replay writes to the backend.
            await self.direct.ended()
            await self._await_quiet()
            self.available = self.replaying = True
            await self._replay_rounds()
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

    async def _replay_rounds(self) -> None:
        """Each round takes what came during the one before; while the last one runs, new writes wait."""
        size = previous = self._journal.bytes
        while size > _LAST_ROUND_BYTES and size <= previous:
            await self._replay(await self._journal.seal())
            # More came than half of what was written: without making the senders wait this would not end.
            previous, size = size // 2, self._journal.bytes
        async with self._gate.held():
            await self._replay(await self._journal.seal())
            self._incarnation = self._backend.incarnation
            self.behind = False
        _log.info("store_caught_up", replayed=self.replay.figures.replayed, refused=self.replay.figures.refused)

    async def _replay(self, sealed: Sequence[Segment]) -> None:
        for segment in sealed:
            await self.durably(self.replay.write(segment))
            await self._drop([segment])

    async def _drop(self, segments: Sequence[Segment]) -> None:
        await self._journal.drop(segments)
        self.replay.answered -= {number for number in self.replay.answered if number <= segments[-1].last}
