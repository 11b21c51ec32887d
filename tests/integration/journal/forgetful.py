"""A backend that can be unavailable, and that loses unflushed data when it restarts."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.sqlite import SqliteStore


class ForgetfulBackend:
    """A SQLite store with flushes. away: every call is Unavailable. next_write: event that the next write waits for."""

    name = "forgetful"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "readings.db"
        self._flushed = folder / "flushed.db"
        self._store = SqliteStore(self._path)
        self._moment = asyncio.Lock()
        self.epoch = 0
        self.away = False
        self.next_write: asyncio.Event | None = None
        self.flushes = 0
        self.before_write: Callable[[Sequence[Batch]], object] = len

    async def start(self) -> None:
        self._store = SqliteStore(self._path)
        await self._store.start()
        if not self._flushed.exists():
            replace(self._path, self._flushed)

    async def close(self) -> None:
        await self._store.close()

    async def check(self) -> None:
        self._answer()

    async def write(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        self._answer()
        waiting, self.next_write = self.next_write, None
        if waiting is not None:
            await waiting.wait()
        self.before_write(batches)
        self._answer()
        async with self._moment:
            return await self._store.write(batches)

    def read(self, device_id: int, span: Span, *rest: Any, **ways: Any) -> AsyncGenerator[Batch]:
        return self._store.read(device_id, span, *rest, **ways)

    async def delete(self, device_id: int, span: Span) -> None:
        self._answer()
        await self._store.delete(device_id, span)

    async def flush(self) -> None:
        self._answer()
        self.flushes += 1
        replace(self._path, self._flushed)

    async def restart(self) -> None:
        """Lose unflushed data and become available."""
        self.epoch += 1
        self.away = False
        async with self._moment:
            await self._store.close()
            replace(self._flushed, self._path)
            self._store = SqliteStore(self._path)
            await self._store.start()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("STORE_UNAVAILABLE", "away")


class SharedBackend:
    """A backend shared by several writers, each in place of a process; its creator starts and closes it."""

    def __init__(self, backend: ForgetfulBackend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    async def start(self) -> None:
        """The creator has started it."""

    async def close(self) -> None:
        """Other writers may use it."""


def replace(source: Path, target: Path) -> None:
    """Copy a snapshot of a database atomically, even if the process is killed."""
    new = target.with_suffix(".new")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(new)) as copy:
        original.backup(copy)
    new.replace(target)


class JournalProcess(JournaledWriter):
    """A writer in place of a process, whose internal events happen when a test wants them."""

    async def die(self) -> None:
        """End like kill -9 would: nothing is cleaned up, and the locks are released."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        for folder in (self._journal.files.own, *self._journal.files.adopted):
            folder.unlock()

    def request_checkpoint(self) -> None:
        self._checkpointer.due.set()

    def request_replay(self) -> None:
        self._checkpointer.fall_behind(available=True)

    async def seal(self) -> None:
        """Begin a new file of the journal."""
        await self._journal.seal()

    def replaying(self) -> AbstractContextManager[bool]:
        """The process replays, and hangs."""
        return self._journal.replaying()

    def appending(self) -> AbstractContextManager[None]:
        """The process appends to its journal, and hangs."""
        return self._journal.files.in_flight.appends.call()

    def block_appends(self) -> None:
        """Block the appends of all processes, as a replay does."""
        self._journal.files.shared.block_appends()

    def end_replay(self) -> None:
        """Report that the backend has all records."""
        self._journal.coordinator.reopen()

    def delay_flushed(self, until: threading.Event) -> None:
        """The disk is slow when the process records that the backend has flushed."""
        files, mark_flushed = self._journal.files, self._journal.files.mark_flushed

        def late(number: int) -> bool:
            until.wait()
            return mark_flushed(number)

        setattr(files, "mark_flushed", late)  # noqa: B010 - a method cannot be assigned


def journaled(backend: Any, root: Path, **settings: Any) -> JournalProcess:
    """A writer with short retries, and without checkpoints except those that a test requests."""
    return JournalProcess(
        backend, root, **{"checkpoint_seconds": 3600.0, "retry_seconds": 0.001, "quiet_seconds": 0.001, **settings}
    )


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the world outside rings no bell
            # The pause lets the threads run that the condition depends on.
            await asyncio.sleep(0.001)


async def caught_up(store: JournaledWriter) -> None:
    """Wait until the backend has all records of the journal."""
    await until(lambda: not store.journal.buffering)


def journals(root: Path) -> list[Path]:
    """The folders of all journals."""
    return [path for path in root.iterdir() if path.is_dir()]
