"""Enables SQLite's write-ahead log, safely with several processes."""

import sqlite3
import time

RETRY_SECONDS = 0.01


def use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    """Enable the write-ahead log of the file. Commits are then durable on return.

    For this statement SQLite does not wait for other processes itself. Blocks for at most `patience` seconds, and then raises
    sqlite3.OperationalError.
    """
    deadline = time.monotonic() + patience
    while not _switched(connection, last=time.monotonic() > deadline):
        time.sleep(RETRY_SECONDS)
    # FULL: a commit returns after the data is on disk. NORMAL could lose acknowledged readings in a power failure.
    connection.execute("PRAGMA synchronous=FULL")


def _switched(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
