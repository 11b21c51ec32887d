"""The threads that use SQLite: one writer, several readers."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from errno import EDQUOT, EMFILE, ENFILE, ENOSPC
from pathlib import Path
from queue import SimpleQueue
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from iotflow.log_limits import LogLimit
from iotflow_server.db.sqlite_files import damage_sentence, found_damage, is_damage
from iotflow_server.errors import LimitExceeded, Unavailable
from iotflow_server.telemetry.stores.query_slots import query_slots
from iotflow_server.telemetry.stores.sqlite.schema import Deadline, ReadingConnection, connect_reader, connect_writer

# Time limit of the check of the file at the start, enough for some gigabytes.
_CHECK_SECONDS = 10.0

Params = ParamSpec("Params")
Answer = TypeVar("Answer")
Kind = TypeVar("Kind", bound=sqlite3.Connection)
ReadWork = Callable[Concatenate[ReadingConnection, Params], Answer]
Work = Callable[Concatenate[sqlite3.Connection, Params], Answer]

_log = structlog.get_logger(__name__)
_log_limit = LogLimit()


class SqliteConnections:
    """Runs functions of a connection off the event loop, and turns SQLite's errors into Unavailable.

    Writes run one at a time, so they need no locks; up to `readers` reads run concurrently, shared fairly between callers.
    Each connection is used by one thread at a time. A read is interrupted when its caller is cancelled or when it takes
    longer than read_seconds.
    """

    def __init__(self, path: Path, readers: int, read_seconds: float) -> None:
        self._path = path
        self._slots = query_slots(readers)
        self._read_seconds = read_seconds
        self._writing = ThreadPoolExecutor(1, "sqlite-writer")
        self._reading = ThreadPoolExecutor(readers, "sqlite-reader")
        self._readers = readers
        self._writer: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._idle: SimpleQueue[ReadingConnection] = SimpleQueue()
        self._usable = False
        self._damaged = False

    async def open(self) -> None:
        """Open the file, creating it if missing. A damaged file is not used."""
        await self._outcome(self._writing.submit(self._connect))
        self._usable = True

    async def close(self) -> None:
        """Wait for the calls in progress, then close the file; later calls raise Unavailable."""
        self._usable = False
        await asyncio.to_thread(self._reading.shutdown)
        await asyncio.to_thread(self._writing.shutdown)
        await asyncio.to_thread(self._disconnect)

    async def write(self, work: Work[Params, Answer], *args: Params.args, **kwargs: Params.kwargs) -> Answer:
        """Return the result of work(connection, …), run on the writer thread."""
        self._check_usable()
        return await self._outcome(self._writing.submit(lambda: _lend(self._writer, work, *args, **kwargs)))

    async def read(
        self, caller: str, work: ReadWork[Params, Answer], *args: Params.args, **kwargs: Params.kwargs
    ) -> Answer:
        """Return the result of work(connection, …), run on a reader thread on a snapshot of the store.

        Raises LimitExceeded if it takes too long.
        """
        self._check_usable()
        loop = asyncio.get_running_loop()
        await self._slots.acquire(caller)
        try:
            # The store may have been closed during the wait.
            self._check_usable()
        except Unavailable:
            self._slots.release(caller)
            raise
        deadline = Deadline(self._read_seconds)
        job = self._reading.submit(lambda: _lend(self._idle, _in_snapshot, deadline, work, *args, **kwargs))
        # Even if the caller is cancelled, the slot stays taken until the thread is free.
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._slots.release, caller))
        try:
            return await self._outcome(job)
        except asyncio.CancelledError:
            deadline.abandoned = True
            raise
        except Unavailable as refusal:
            if deadline.has_passed:
                raise _too_long(self._read_seconds) from refusal
            raise

    def _check_usable(self) -> None:
        if not self._usable:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store is not open.")
        if self._damaged:
            raise Unavailable("STORE_DAMAGED", damage_sentence(self._path.name))

    async def _outcome(self, job: "Future[Answer]") -> Answer:
        try:
            return await asyncio.wrap_future(job)
        except (sqlite3.Error, OSError) as error:
            if is_damage(error):
                self._mark_damaged(str(error))
                raise Unavailable("STORE_DAMAGED", damage_sentence(self._path.name)) from error
            problem = _problem(error)
            _log_limit.warning(_log, "store_unavailable", reason=str(error), problem=problem)
            raise Unavailable("STORE_UNAVAILABLE", problem) from error

    def _mark_damaged(self, problem: str) -> None:
        self._damaged = True
        _log.error("store_damaged", file=str(self._path), problem=problem)

    def _connect(self) -> None:
        self._writer.put(connect_writer(self._path))
        for _ in range(self._readers):
            self._idle.put(connect_reader(self._path))
        with closing(connect_reader(self._path)) as connection:
            if problem := found_damage(connection, _CHECK_SECONDS):
                self._mark_damaged(problem)

    def _disconnect(self) -> None:
        # When the last connection is closed, SQLite merges the write-ahead log into the file and removes it.
        for idle in (self._idle, self._writer):
            while not idle.empty():
                idle.get().close()


def _problem(error: sqlite3.Error | OSError) -> str:
    """The message for senders and health checks; the error of the driver is in the log."""
    errno = error.errno if isinstance(error, OSError) else None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code == sqlite3.SQLITE_FULL or errno in (ENOSPC, EDQUOT):
        return "The disk of the telemetry store is full; free space on it."
    if code == sqlite3.SQLITE_CANTOPEN or errno in (EMFILE, ENFILE):
        return "The telemetry store cannot open its files; check the limit of file descriptors of the server."
    return "The telemetry store cannot be used at the moment; see the server's log."


def _too_long(seconds: float) -> LimitExceeded:
    message = f"The query took longer than {seconds:g} seconds; request a shorter time span or fewer measurements."
    return LimitExceeded("QUERY_TOO_LONG", message)


def _lend(
    idle: "SimpleQueue[Kind]",
    work: Callable[Concatenate[Kind, Params], Answer],
    *args: Params.args,
    **kwargs: Params.kwargs,
) -> Answer:
    connection = idle.get()
    try:
        return work(connection, *args, **kwargs)
    finally:
        idle.put(connection)


def _in_snapshot(
    connection: ReadingConnection,
    deadline: Deadline,
    work: ReadWork[Params, Answer],
    /,
    *args: Params.args,
    **kwargs: Params.kwargs,
) -> Answer:
    connection.execute("BEGIN")
    try:
        with connection.until(deadline):
            return work(connection, *args, **kwargs)
    finally:
        # SQLite may have rolled back already (damaged file), and a second rollback would hide the error.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
