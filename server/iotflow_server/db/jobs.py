"""A unit of work in a thread that waits for a database, and can be given up: what it waits for is then cut off."""

import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

T = TypeVar("T")

_threads = threading.local()


class Job:
    """From the moment a connection is taken out of its pool until it is back, giving up ends what the connection waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._given_up = False

    def run(self, work: Callable[[], T]) -> T:
        """In the thread that does the work."""
        _threads.job = self
        try:
            return work()
        finally:
            _threads.job = None

    def give_up(self) -> None:
        """From any thread: the work fails within moments, unless it has just finished."""
        with self._lock:
            self._given_up = True
            _cut_off(self._connection)

    def take(self, connection: Any) -> None:
        """The work waits for this one from now on."""
        with self._lock:
            self._connection = connection
            if self._given_up:
                _cut_off(connection)

    def is_given_up(self) -> bool:
        """Whether nobody waits for the work any more."""
        with self._lock:
            return self._given_up

    def give_back(self) -> None:
        """The work waits for none."""
        with self._lock:
            self._connection = None


def watch(engine: Engine, *, ping: bool = False) -> None:
    """Tell jobs which connection of this engine they use. ping: replace one that does not answer before it is used."""

    def made(connection: Any, _record: object) -> None:
        job_of_thread().take(connection)

    def taken(connection: Any, _record: object, _proxy: object) -> None:
        job_of_thread().take(connection)
        try:
            _ = ping and engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            # Most likely the others do not stand either.
            raise InvalidatePoolError from error

    def returned(_connection: Any, _record: object) -> None:
        job_of_thread().give_back()

    event.listen(engine, "connect", made)
    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", returned)


def job_of_thread() -> Job:
    """Where no job runs, one that nobody gives up."""
    return getattr(_threads, "job", None) or Job()


def _cut_off(connection: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.interrupt()
    elif connection is not None:
        # The driver waits for the socket in a thread, and looks at it when it is shut.
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
