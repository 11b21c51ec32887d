"""The threads that talk to SQLite: one that writes, a few that read."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.stores.sqlite.schema import connect_reader, connect_writer

Params = ParamSpec("Params")
Answer = TypeVar("Answer")
Work = Callable[Concatenate[sqlite3.Connection, Params], Answer]

_log = structlog.get_logger(__name__)


class Connections:
    """Runs functions of a connection off the event loop, and turns SQLite's errors into Unavailable.

    Writes run one after the other, so they need no locks of their own; up to `readers` reads run beside them. Each
    connection is used by one thread at a time.
    """

    def __init__(self, path: Path, readers: int) -> None:
        self._path = path
        self._writing = ThreadPoolExecutor(1, "sqlite-writer")
        self._reading = ThreadPoolExecutor(readers, "sqlite-reader")
        self._readers = readers
        self._writer: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._usable = False

    async def open(self) -> None:
        """Make the file where it is missing and connect to it."""
        await self._run(self._writing, self._connect)
        self._usable = True

    async def close(self) -> None:
        """Wait for the calls under way, then let go of the file; calls that come later are Unavailable."""
        self._usable = False
        await asyncio.to_thread(self._reading.shutdown)
        await asyncio.to_thread(self._writing.shutdown)
        await asyncio.to_thread(self._disconnect)

    async def write(self, work: Work[Params, Answer], *args: Params.args, **kwargs: Params.kwargs) -> Answer:
        """What work(connection, …) returns, run on the writing thread."""
        self._check_usable()
        return await self._run(self._writing, lambda: _lend(self._writer, work, *args, **kwargs))

    async def read(self, work: Work[Params, Answer], *args: Params.args, **kwargs: Params.kwargs) -> Answer:
        """What work(connection, …) returns, run on one of the reading threads; it sees the store as at one moment."""
        self._check_usable()
        return await self._run(self._reading, lambda: _lend(self._idle, _at_one_moment, work, *args, **kwargs))

    def _check_usable(self) -> None:
        if not self._usable:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store is not open.")

    async def _run(self, executor: ThreadPoolExecutor, work: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work)
        except (sqlite3.Error, OSError) as error:
            _log.warning("store_unavailable", exc_info=error)
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store cannot be used at the moment.") from error

    def _connect(self) -> None:
        self._writer.put(connect_writer(self._path))
        for _ in range(self._readers):
            self._idle.put(connect_reader(self._path))

    def _disconnect(self) -> None:
        # The last to close, SQLite brings what the log holds into the file and removes the log.
        for shelf in (self._idle, self._writer):
            while not shelf.empty():
                shelf.get().close()


def _lend(
    shelf: SimpleQueue[sqlite3.Connection],
    work: Work[Params, Answer],
    *args: Params.args,
    **kwargs: Params.kwargs,
) -> Answer:
    connection = shelf.get()
    try:
        return work(connection, *args, **kwargs)
    finally:
        shelf.put(connection)


def _at_one_moment(
    connection: sqlite3.Connection, work: Work[Params, Answer], /, *args: Params.args, **kwargs: Params.kwargs
) -> Answer:
    connection.execute("BEGIN")
    try:
        return work(connection, *args, **kwargs)
    finally:
        connection.execute("ROLLBACK")
