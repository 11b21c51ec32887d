"""Snapshots of SQLite's files while other processes write to them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from iotflow_cli.output.failures import CommandError
from iotflow_server.db.sqlite_files import damage_sentence, found_damage

_WAIT_SECONDS = 10.0
# Pages copied at a time.
_PAGES = 1024
# Time limit of the check of a copy, enough for some gigabytes; the server checks the file at its start as well.
CHECK_SECONDS = 30.0


class Snapshot:
    """The content of a file at the moment when the snapshot was opened. Writers go on; the file's log grows until it is closed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def bytes(self) -> int:
        """The size of a copy."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (page_bytes,) = self._connection.execute("PRAGMA page_size").fetchone()
        return int(pages * page_bytes)

    def copy(self, path: Path) -> None:
        """Copy the content to a new file, which is complete on return but not on the disk. Raises sqlite3.Error."""
        with closing(sqlite3.connect(path, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous=OFF")
            target.execute("PRAGMA journal_mode=OFF")
            # Within the transaction of the snapshot no step sees later changes, and none starts the copy again.
            self._connection.backup(target, pages=_PAGES)


@contextmanager
def opened_snapshot(path: Path) -> Iterator[Snapshot]:
    """The content of the file now. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", _WAIT_SECONDS, uri=True)) as connection:
        connection.isolation_level = None
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        # The transaction begins with the first read.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield Snapshot(connection)


def check(path: Path, name: str) -> None:
    """Check a copy that no process uses, without creating files beside it. Raises CommandError for damage."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
        if problem := found_damage(connection, CHECK_SECONDS):
            raise CommandError(f"{damage_sentence(name)} ({problem})", reason="STORE_DAMAGED")
