"""Coordination of appends, backend writes and replays between the processes of a disk."""

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

# Polling interval of the shared numbers of other processes. After this time at the latest, a process that has not yet seen a
# shared number has made its own earlier numbers visible.
_POLL_SECONDS = 0.002

# Longest time to wait for appends in progress, each of which takes some milliseconds.
_STOP_SECONDS = 2.0
# Longest time that appends stay blocked; the last round of a replay takes some tenths of a second.
_BLOCKED_SECONDS = 10.0

# By journal folder, of the other running processes.
OthersInFlight = dict[Path, OldestCall]


class WriteCoordinator:
    """others: returns the calls in progress in other processes."""

    def __init__(
        self,
        shared: SharedState,
        own: InFlightCalls,
        now: Callable[[], int],
        others: Callable[[], Awaitable[OthersInFlight]],
    ) -> None:
        self._shared = shared
        self._own = own
        self._others = others
        self._writes: set[asyncio.Task[Any]] = set()
        self.now = now

    @property
    def behind(self) -> bool:
        """Whether the backend lacks records of any process's journal."""
        return self._shared.behind

    def fall_behind(self) -> None:
        """From now on only the replaying process writes to the backend. Called while it is not behind."""
        self._shared.behind = True

    @asynccontextmanager
    async def append(self) -> AsyncIterator[None]:
        """Inside, records may be appended to the journal of this process; waits while appends are blocked."""
        deadline = time.monotonic() + _BLOCKED_SECONDS
        while True:
            with self._own.appends.call():
                if not self._shared.appends_blocked:
                    yield
                    return
            if time.monotonic() > deadline:
                # The process that blocked appends hangs; it notices this when it continues.
                self._shared.allow_appends()
            await asyncio.sleep(_POLL_SECONDS)

    def backend_write(self) -> AbstractContextManager[None]:
        """Inside, the backend may be written to unless it is behind, which must be checked inside."""
        return self._own.backend_writes.call()

    def write(self, write: Callable[[], Coroutine[Any, Any, Answer]]) -> "asyncio.Task[Answer] | None":
        """Start a write to the backend; None if it is behind. No replay begins before the write has ended, even if its caller
        is cancelled."""
        with ExitStack() as stack:
            stack.enter_context(self.backend_write())
            return None if self.behind else self._started(write(), stack.pop_all())

    def replay(self, write: Callable[[], Coroutine[Any, Any, Answer]]) -> "asyncio.Task[Answer]":
        """Start a write of the replaying process."""
        with ExitStack() as stack:
            stack.enter_context(self.backend_write())
            return self._started(write(), stack.pop_all())

    async def drain(self) -> None:
        """Wait until all writes to the backend have ended."""
        if self._writes:
            await asyncio.wait(self._writes)

    async def wait_started_before(self, number: int) -> None:
        """Wait until all calls that began before this number have ended, or the backend has fallen behind."""

        def began_before(one: OldestCall) -> bool:
            return 0 < one.appends < number or 0 < one.backend_writes < number

        await self._wait_for_none(lambda one: began_before(one) and not self.behind)

    async def wait_for_backend_writes(self) -> None:
        """Wait until no process writes to the backend, which is behind."""
        await self._wait_for_none(lambda one: one.backend_writes > 0)

    async def complete_until(self) -> int:
        """A number up to which all records are on the disk: later appends get higher numbers."""
        now = self.now()
        return min([now, *(one.appends - 1 for one in await self._all_processes() if one.appends)])

    @asynccontextmanager
    async def appends_blocked(self) -> AsyncIterator[None]:
        """Inside, no process appends to any journal. For the replaying process. Raises Unavailable if an append of another
        process does not end."""
        self._shared.block_appends()
        try:
            await self._wait_for_appends()
            yield
        finally:
            self._shared.allow_appends()

    def reopen(self) -> None:
        """Allow writes to the complete backend again. For the replaying process, while appends are blocked. Raises Unavailable
        if appends were allowed meanwhile, because the process took too long."""
        # No process sets behind at this moment: it is set only by a process that finds it clear.
        if not self._shared.try_clear_behind():
            raise Unavailable(
                "STORE_CATCHING_UP", "The end of the replay took too long; it is repeated. Try again later."
            )

    def take_over(self) -> None:
        """Clear what a replaying process that ended may have left. For the replaying process."""
        self._shared.allow_appends()

    def _started(self, write: Coroutine[Any, Any, Answer], inside: ExitStack) -> "asyncio.Task[Answer]":
        task = asyncio.create_task(write, name="write to the backend")
        task.add_done_callback(lambda _: inside.close())
        task.add_done_callback(retrieve_exception)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task

    async def _wait_for_appends(self) -> None:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._wait_for_none(lambda one: one.appends > 0)
        except TimeoutError:
            message = (
                "Another server process on this disk hangs; replay continues when that process continues or is ended."
            )
            raise Unavailable("STORE_CATCHING_UP", message) from None

    async def _wait_for_none(self, condition: Callable[[OldestCall], bool]) -> None:
        await asyncio.sleep(_POLL_SECONDS)
        while any(map(condition, await self._all_processes())):  # noqa: ASYNC110 - other processes set no event here
            await asyncio.sleep(_POLL_SECONDS)

    async def _all_processes(self) -> list[OldestCall]:
        return [self._own.oldest, *(await self._others()).values()]


def retrieve_exception(task: "asyncio.Task[Any]") -> None:
    """Mark the exception of a task without a caller as retrieved; the journal replays its data."""
    if not task.cancelled():
        task.exception()
