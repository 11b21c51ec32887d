"""SQLite files that are damaged: found at the start, within bounded time, and told from those that are merely busy."""

import sqlite3
import time

# What SQLite says of a file whose pages contradict one another, or that is no database.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# Between two looks at the clock: some milliseconds.
_STEPS = 100_000


def is_damage(error: BaseException | None) -> bool:
    """Whether the error says that the file is damaged."""
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def found_damage(connection: sqlite3.Connection, seconds: float) -> str:
    """What SQLite's quick check finds first; empty: nothing, or nothing within so many seconds. Blocks."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else ""
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found)


def sentence(file: str) -> str:
    """What an operator is to do."""
    return (
        f"{file} in the data folder is damaged and not used. Stop the server and put a backup in its place, or save what"
        f' can be read: `sqlite3 {file} ".recover" | sqlite3 new.db`.'
    )
