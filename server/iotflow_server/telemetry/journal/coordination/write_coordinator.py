"""Who writes where at the moment, in all processes of a disk, and how they are kept from it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.coordination.in_flight import InFlightCalls, OldestCall
from iotflow_server.telemetry.journal.coordination.shared_state import SharedState

Answer = TypeVar("Answer")

# How often to look what others are about, whose words ring no bell. So long after a word was written, at the latest, a
# processor that has read the one before has shown what it wrote itself before that.
_LOOK_SECONDS = 0.002

# To add to a journal takes some milliseconds.
_STOP_SECONDS = 2.0
# The last round of a replay takes some tenths of a second.
_CLOSED_SECONDS = 10.0

# By folder, of the processes that run.
Elsewhere = dict[Path, OldestCall]


class WriteCoordinator:
    """look: what the others are about."""

    def __init__(
        self, board: SharedState, own: InFlightCalls, now: Callable[[], int], look: Callable[[], Awaitable[Elsewhere]]
    ) -> None:
        self._board = board
        self._own = own
        self._look = look
        self._writes: set[asyncio.Task[Any]] = set()
        self.now = now

    @property
    def behind(self) -> bool:
        """Whether the backend lacks something of the journals, of whichever process."""
        return self._board.behind

    def fall_behind(self) -> None:
        """From now on nobody writes to the backend but the one who replays. For who does not find it behind."""
        self._board.behind = True

    @asynccontextmanager
    async def append(self) -> AsyncIterator[None]:
        """Inside, records may be added to this process's journal; waits while all are kept out."""
        deadline = time.monotonic() + _CLOSED_SECONDS
        while True:
            with self._own.appends.call():
                if not self._board.closed:
                    yield
                    return
            if time.monotonic() > deadline:
                # Whoever keeps all out stands still; it finds out when it goes on.
                self._board.open_journals()
            await asyncio.sleep(_LOOK_SECONDS)

    def direct(self) -> AbstractContextManager[None]:
        """Inside, the backend may be written to, unless it is behind: look after entering."""
        return self._own.directs.call()

    def write(self, write: Callable[[], Coroutine[Any, Any, Answer]]) -> "asyncio.Task[Answer] | None":
        """Write to the backend; None where it is behind. However long it takes, and whatever becomes of who waits for it, no
        replay begins before it has ended."""
        with ExitStack() as stack:
            stack.enter_context(self.direct())
            return None if self.behind else self._begun(write(), stack.pop_all())

    def replay(self, write: Callable[[], Coroutine[Any, Any, Answer]]) -> "asyncio.Task[Answer]":
        """The same for the one who replays."""
        with ExitStack() as stack:
            stack.enter_context(self.direct())
            return self._begun(write(), stack.pop_all())

    async def drain(self) -> None:
        """Return when the backend has answered all writes."""
        if self._writes:
            await asyncio.wait(self._writes)

    async def ended(self, before: int) -> None:
        """Wait for whatever began before this number; in vain, should the backend fall behind."""

        def began_before(one: OldestCall) -> bool:
            return 0 < one.appends < before or 0 < one.directs < before

        await self._none(lambda one: began_before(one) and not self.behind)

    async def directs_ended(self) -> None:
        """Wait until nobody writes to the backend any more, which is behind."""
        await self._none(lambda one: one.directs > 0)

    async def complete_until(self) -> int:
        """A number up to which the disk has all records there will ever be."""
        now = self.now()
        return min([now, *(one.appends - 1 for one in await self._everywhere() if one.appends)])

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """Inside, nobody adds anything to any journal. For the one who replays. Unavailable: a process does not finish what it
        is adding, and the others are not to wait for it."""
        self._board.close_journals()
        try:
            await self._appends_ended()
            yield
        finally:
            self._board.open_journals()

    def reopen(self) -> None:
        """Have the backend written to again, of which nothing is missing. For the one who replays, while all are stopped.
        Unavailable: they would not wait for so long."""
        # Nobody says in this moment that it is behind: who finds that it is does not say so again.
        if not self._board.catch_up():
            raise Unavailable("STORE_CATCHING_UP", "The last of the replay took too long; it is done again.")

    def take_over(self) -> None:
        """Whoever replayed before may have died over it. For the one who replays."""
        self._board.open_journals()

    def _begun(self, write: Coroutine[Any, Any, Answer], inside: ExitStack) -> "asyncio.Task[Answer]":
        task = asyncio.create_task(write, name="write to the backend")
        task.add_done_callback(lambda _: inside.close())
        task.add_done_callback(seen)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task

    async def _appends_ended(self) -> None:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._none(lambda one: one.appends > 0)
        except TimeoutError:
            message = "Another process of this disk does not go on; the telemetry store gets nothing before it does."
            raise Unavailable("STORE_CATCHING_UP", message) from None

    async def _none(self, what: Callable[[OldestCall], bool]) -> None:
        await asyncio.sleep(_LOOK_SECONDS)
        while any(map(what, await self._everywhere())):  # noqa: ASYNC110 - words of other processes ring no bell
            await asyncio.sleep(_LOOK_SECONDS)

    async def _everywhere(self) -> list[OldestCall]:
        return [self._own.oldest, *(await self._look()).values()]


def seen(task: "asyncio.Task[Any]") -> None:
    """Done with a task that ended badly where nobody waits any more: what the journal has is written again."""
    if not task.cancelled():
        task.exception()
