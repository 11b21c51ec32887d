"""Runs units of work on the database in threads, so that they do not block the event loop."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import structlog
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from iotflow.log_limits import LogLimit
from iotflow_server import errors
from iotflow_server.db.engines import has_file, is_sqlite, reading_engine, writing_engine
from iotflow_server.db.jobs import Job, job_of_thread
from iotflow_server.db.json_documents import unstorable
from iotflow_server.db.legacy_database import refuse_older
from iotflow_server.db.migration import migrate
from iotflow_server.db.models import DeviceRow
from iotflow_server.db.sqlite_files import damage_sentence, found_damage, is_damage

T = TypeVar("T")
Work = Callable[[Connection], T]

READERS = 4
# The time limit of the check of SQLite's file at the start.
CHECK_SECONDS = 5.0
# SQLite has one writer at a time: a second thread would only wait for the first one's lock.
SQLITE_WRITERS = 1
POSTGRES_WRITERS = 4

# Time limits of a caller in seconds: for a read, for a write (of which SQLite waits for the lock for SQLITE_PATIENCE), for the
# migration, which may wait for other processes, and for a thread after the end of its time.
READ_PATIENCE, WRITE_PATIENCE, START_PATIENCE, GIVE_UP_PATIENCE = 4.0, 7.0, 60.0, 0.5

log = structlog.get_logger(__name__)
log_limit = LogLimit()


class Database:
    """The registry's database, by URL: sqlite:///<path> or postgresql://<…>.

    A unit of work is a function of one connection, which runs in a thread. Its domain errors reach the caller. The caller
    gets Unavailable if the database fails or exceeds the time limit, and InvalidArgument if a value cannot be stored.
    """

    def __init__(self, url: str) -> None:
        writers = SQLITE_WRITERS if is_sqlite(url) else POSTGRES_WRITERS
        self._url = url
        self._writing = writing_engine(url, writers)
        self._reading = reading_engine(url, READERS)
        self._writers = ThreadPoolExecutor(writers, "registry-write")
        self._readers = ThreadPoolExecutor(READERS, "registry-read")

    async def start(self) -> None:
        """Migrate to the newest schema. Raises Unavailable, OlderDatabase."""
        await _finished(self._writers, self._migrate, START_PATIENCE)

    async def exists(self) -> bool:
        """Whether there is a registry of any version. The check creates none. Raises Unavailable."""
        return has_file(self._url) and await self.read(lambda connection: inspect(connection).has_table("devices"))

    async def close(self) -> None:
        """Wait for running work, then close the connections."""
        await asyncio.to_thread(self._close)

    async def check(self) -> str:
        """An empty text. Raises Unavailable if the database does not answer."""
        await self.read(lambda connection: connection.execute(select(DeviceRow.id).limit(1)).first())
        return ""

    async def read(self, work: Work[T]) -> T:
        """Run work that changes nothing. Each statement sees the transactions committed before it."""
        return await _finished(self._readers, lambda: self._read(work), READ_PATIENCE)

    async def write(self, work: Work[T]) -> T:
        """Run work in one transaction, which is durable on return and rolled back if work raises.

        A cancelled caller waits for the outcome, so that its `finally` runs after the commit.
        """
        return await _finished(self._writers, lambda: self._write(work), WRITE_PATIENCE)

    def _read(self, work: Work[T]) -> T:
        with _translated(), self._reading.connect() as connection:
            return work(connection)

    def _write(self, work: Work[T]) -> T:
        with _translated(), self._writing.begin() as connection:
            outcome = work(connection)
            if job_of_thread().is_given_up():
                # SQLite's wait for the lock cannot be interrupted: the caller has an error already.
                raise _unavailable()
            return outcome

    def _migrate(self) -> None:
        with _translated():
            refuse_older(self._url)
            migrate(self._url)
            if is_sqlite(self._url):
                self._check_file()

    def _check_file(self) -> None:
        with self._reading.connect() as connection:
            driver = connection.connection.driver_connection
            problem = found_damage(driver, CHECK_SECONDS) if isinstance(driver, sqlite3.Connection) else ""
        if problem:
            log.error("registry_damaged", problem=problem)
            raise _damaged()

    def _close(self) -> None:
        for threads in (self._writers, self._readers):
            threads.shutdown()
        for engine in (self._writing, self._reading):
            engine.dispose()


async def _finished(threads: ThreadPoolExecutor, work: Callable[[], T], patience: float) -> T:
    """The result of work. Raises Unavailable after `patience` seconds, including the wait for a thread."""
    job = Job()
    running = threads.submit(job.run, work)
    outcome = asyncio.wrap_future(running)
    deadline = asyncio.get_running_loop().time() + patience
    try:
        await asyncio.wait([outcome], timeout=patience)
    except asyncio.CancelledError:
        if not running.cancel():
            await asyncio.wait([outcome], timeout=deadline - asyncio.get_running_loop().time())
            await _given_up(job, outcome)
        raise
    if not outcome.done() and not running.cancel():
        await _given_up(job, outcome)
    if not outcome.done() or outcome.cancelled():
        log_limit.warning(log, "registry_unavailable", reason="Timeout", error=f"no answer in {patience:g} seconds")
        raise _unavailable()
    return outcome.result()


async def _given_up(job: Job, outcome: "asyncio.Future[T]") -> None:
    if not outcome.done():
        job.give_up()
        await asyncio.wait([outcome], timeout=GIVE_UP_PATIENCE)
    # Retrieves the exception, in case no caller is left.
    outcome.add_done_callback(lambda done: done.cancelled() or done.exception())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, ProgrammingError, NotSupportedError):
        raise
    except DataError as error:
        raise unstorable() from error
    except (DBAPIError, PoolTimeout) as error:
        if is_damage(getattr(error, "orig", None)):
            log_limit.warning(log, "registry_damaged", reason=type(error).__name__, error=str(error))
            raise _damaged() from error
        log_limit.warning(log, "registry_unavailable", reason=type(error).__name__, error=str(error))
        raise _unavailable() from error
    except StatementError as error:
        raise unstorable() from error


def _damaged() -> errors.Unavailable:
    return errors.Unavailable("REGISTRY_DAMAGED", damage_sentence("registry.db"))


def _unavailable() -> errors.Unavailable:
    return errors.Unavailable("REGISTRY_UNAVAILABLE", "The device registry is unavailable; try again later.")
