"""The tables, and the connections to them."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iotflow_server.db.sqlite_files import use_write_ahead_log

# Interval, in steps of SQLite, between two checks of the deadline: a few milliseconds.
STEPS = 100_000


class Deadline:
    """The time limit of one read. abandoned: its caller was cancelled."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.abandoned = False

    @property
    def has_passed(self) -> bool:
        """Whether the time limit has passed."""
        return time.monotonic() > self._end

    def is_over(self) -> bool:
        """Whether the read must end."""
        return self.abandoned or self.has_passed


class ReadingConnection(sqlite3.Connection):
    """A connection whose statements fail with sqlite3.OperationalError after the deadline of the current read."""

    _deadline: Deadline | None = None

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """Inside, the deadline applies to a long statement and to the next of many short ones."""
        self._deadline = deadline
        self.set_progress_handler(deadline.is_over, STEPS)
        try:
            yield
        finally:
            self._deadline = None
            self.set_progress_handler(None, 0)

    @contextmanager
    def writable(self) -> Iterator[None]:
        """Inside, temporary tables can be changed."""
        super().execute("PRAGMA query_only=OFF")
        try:
            yield
        finally:
            super().execute("PRAGMA query_only=ON")

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self._deadline is not None and self._deadline.is_over():
            raise sqlite3.OperationalError("interrupted")
        return super().execute(*arguments)


BUSY_SECONDS = 5.0

# Readings are clustered by series and time, so that a range of a series is contiguous in the file. `value` has no type, so that
# SQLite keeps each number unchanged. Few readings of each of many series would change a page each: they are added to `unmerged`
# as a whole, and merged into `reading` later, when there are many of each series. `merge` has the claim of the last merge.
# `kept` has the retention of each series: the rule of the device takes precedence over the default, even if it sets no limit
# (NULL).
_TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL,
    measurement TEXT NOT NULL,
    type TEXT NOT NULL,
    UNIQUE (device_id, measurement)
);
CREATE TABLE IF NOT EXISTS reading (
    series INTEGER NOT NULL,
    time INTEGER NOT NULL,
    value NOT NULL,
    PRIMARY KEY (series, time)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unmerged (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    readings BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS merge (
    id INTEGER PRIMARY KEY,
    claim INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS retention (
    scope INTEGER NOT NULL PRIMARY KEY,
    milliseconds INTEGER
) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS kept AS
    SELECT series.id, series.device_id, series.measurement, series.type,
        CASE WHEN own.scope IS NULL THEN general.milliseconds ELSE own.milliseconds END AS milliseconds
    FROM series
    LEFT JOIN retention AS own ON own.scope = series.device_id
    LEFT JOIN retention AS general ON general.scope = '*';
"""


def connect_writer(path: Path) -> sqlite3.Connection:
    """The connection for writing; creates the file and the tables if they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    use_write_ahead_log(connection, BUSY_SECONDS)
    # Single values of many devices touch one page each, repeatedly. Caching pages (64 MB) and writing them to the file less
    # often (every 32 MB of log) saves a third. Other page sizes and memory mapping made no difference.
    connection.execute("PRAGMA cache_size=-65536")
    connection.execute("PRAGMA wal_autocheckpoint=8000")
    connection.executescript(_TABLES)
    return connection


def connect_reader(path: Path) -> ReadingConnection:
    """A read-only connection."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=ReadingConnection
    )
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA query_only=ON")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


STORE = "INSERT OR REPLACE INTO reading (series, time, value) VALUES (?, ?, ?)"


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit the changes made inside, or none of them."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back already (disk full), and a second rollback fails.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
