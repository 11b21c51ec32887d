"""Units of work in threads that can be cancelled: cancellation cuts off the connection on which the thread waits."""

import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

T = TypeVar("T")

_threads = threading.local()


class Job:
    """A unit of work. While it has a connection of a pool, giving up ends the statement on this connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._given_up = False

    def run(self, work: Callable[[], T]) -> T:
        """Run the work in the current thread."""
        _threads.job = self
        try:
            return work()
        finally:
            _threads.job = None

    def give_up(self) -> None:
        """Make the work fail soon, unless it has just finished. Callable from any thread."""
        with self._lock:
            self._given_up = True
            _cut_off(self._connection)

    def take(self, connection: Any) -> None:
        """Record the connection that the work uses."""
        with self._lock:
            self._connection = connection
            if self._given_up:
                _cut_off(connection)

    def is_given_up(self) -> bool:
        """Whether the caller has stopped waiting."""
        with self._lock:
            return self._given_up

    def give_back(self) -> None:
        """Record that the work uses no connection."""
        with self._lock:
            self._connection = None


def watch(engine: Engine, *, ping: bool = False) -> None:
    """Record the connections of this engine in their jobs. ping: replace a connection that does not answer before use."""

    def made(connection: Any, _record: object) -> None:
        job_of_thread().take(connection)

    def taken(connection: Any, _record: object, _proxy: object) -> None:
        job_of_thread().take(connection)
        try:
            _ = ping and engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The other connections are probably lost too.
            raise InvalidatePoolError from error

    def returned(_connection: Any, _record: object) -> None:
        job_of_thread().give_back()

    event.listen(engine, "connect", made)
    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", returned)


def job_of_thread() -> Job:
    """The job of the current thread, or a new one if there is none."""
    return getattr(_threads, "job", None) or Job()


def _cut_off(connection: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.interrupt()
    elif connection is not None:
        # The driver waits for the socket, and notices its shutdown.
        with suppress(OSError, connection.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
