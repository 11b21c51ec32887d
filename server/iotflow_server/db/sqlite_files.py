"""SQLite's files: their write-ahead log, and their damage, which is detected by a check at the start and by error codes."""

import sqlite3
import time

RETRY_SECONDS = 0.01
# The error codes for inconsistent pages, and for a file that is no database.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# Instructions between two checks of the time: some milliseconds.
_STEPS = 100_000


def use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    """Enable the write-ahead log of the file, safely with several processes. Commits are then durable on return.

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


def is_damage(error: BaseException | None) -> bool:
    """Whether the error reports a damaged file."""
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def found_damage(connection: sqlite3.Connection, seconds: float) -> str:
    """The first problem that SQLite's quick check finds; empty: none within this time. Blocks."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else ""
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found)


def damage_sentence(file: str) -> str:
    """The error message, with instructions for the operator."""
    return (
        f"{file} in the data folder is damaged and not used. Stop the server and put a backup in its place, or save what"
        f' can be read: `sqlite3 {file} ".recover" | sqlite3 new.db`.'
    )
