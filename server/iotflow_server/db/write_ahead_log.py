"""SQLite's write-ahead log, switched on by several processes at once."""

import sqlite3
import time

RETRY_SECONDS = 0.01


def use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    """Switch a file's log on, or find it on; commits are then durable when they return.

    Only here SQLite does not wait for other processes by itself. Blocks, for `patience` seconds at the most; raises
    sqlite3.OperationalError after that.
    """
    deadline = time.monotonic() + patience
    while not _switched(connection, last=time.monotonic() > deadline):
        time.sleep(RETRY_SECONDS)
    # FULL: a commit returns when the disk has it. NORMAL would lose acknowledged readings with the power.
    connection.execute("PRAGMA synchronous=FULL")


def _switched(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
