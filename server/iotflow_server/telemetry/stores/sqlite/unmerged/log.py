"""The log of arrivals: records in the file, and a copy of them in memory."""

import sqlite3
import time
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from iotflow_server.telemetry.stores.sqlite.unmerged.arrivals import Arrivals, Kind, no_arrivals
from iotflow_server.telemetry.stores.sqlite.unmerged.encoding import decode, encode

_ENDS = "SELECT (SELECT min(id) FROM unmerged), (SELECT max(id) FROM unmerged)"
_RECORDS = "SELECT readings FROM unmerged WHERE id >= ? AND id <= ? ORDER BY id"
_ADD = "INSERT INTO unmerged (readings) VALUES (?)"
_ROOM = 65_536


class ArrivalLog:
    """Readings that are durable in the file, and not yet in its table of readings; later records win over earlier ones, and all
    of them over the table.

    A process shares one log among its connections. Other processes may add records, and remove the first ones after a merge.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._clear(1)

    def _clear(self, first: int) -> None:
        # Numbers of consecutive records from _first on, and the position behind each of them in the columns.
        self._first = first
        self._ends: list[int] = []
        self._start = 0
        self._columns = _Columns()
        self._oldest = 0.0

    @property
    def readings(self) -> int:
        """Number of readings that are known to this process."""
        return (self._ends[-1] if self._ends else 0) - self._start

    @property
    def age(self) -> float:
        """Seconds since the oldest known record was added or read; 0.0 if there is none."""
        return time.monotonic() - self._oldest if self._ends else 0.0

    def add(self, connection: sqlite3.Connection, arrivals: Arrivals) -> int:
        """Add a record in the current transaction, as its last change; returns its number, for record_committed."""
        return int(connection.execute(_ADD, (encode(arrivals),)).lastrowid or 0)

    def record_committed(self, number: int, arrivals: Arrivals) -> None:
        """Record that the transaction of a record has been committed. Saves reading it from the file."""
        with self._lock:
            if number == self._first + len(self._ends):
                self._append(arrivals)

    def view(self, connection: sqlite3.Connection) -> Arrivals:
        """The readings of all records that the connection's snapshot has."""
        return self.bounded_view(connection)[0]

    def bounded_view(self, connection: sqlite3.Connection) -> tuple[Arrivals, int]:
        """As view, with the number of the last record; 0 if there is none."""
        first, last = connection.execute(_ENDS).fetchone()
        if first is None:
            return no_arrivals(), 0
        with self._lock:
            if first < self._first:
                # Another connection knows that these records are merged, which this snapshot does not.
                return joined_records(connection, first, last), last
            self._forget_before(first)
            for (blob,) in connection.execute(_RECORDS, (self._first + len(self._ends), last)):
                self._append(decode(blob))
            end = self._ends[last - self._first]
            return self._columns.view(self._start, end), last

    def forget_merged(self, last: int) -> None:
        """Forget the records up to this number, which were removed from the file."""
        with self._lock:
            self._forget_before(last + 1)

    def _append(self, arrivals: Arrivals) -> None:
        if not self._ends:
            self._oldest = time.monotonic()
        self._columns.append(arrivals)
        self._ends.append((self._ends[-1] if self._ends else self._start) + len(arrivals))

    def _forget_before(self, first: int) -> None:
        merged = first - self._first
        if merged <= 0:
            return
        if merged >= len(self._ends):
            self._clear(first)
            return
        self._start = self._ends[merged - 1]
        self._first, self._ends = first, self._ends[merged:]
        self._oldest = time.monotonic()
        if self._start > self._ends[-1] // 2:
            self._columns = self._columns.copy_from(self._start)
            self._ends = [end - self._start for end in self._ends]
            self._start = 0


def joined_records(connection: sqlite3.Connection, first: int, last: int) -> Arrivals:
    """The readings of records, read from the file."""
    columns = _Columns()
    for (blob,) in connection.execute(_RECORDS, (first, last)):
        columns.append(decode(blob))
    return columns.view(0, columns.size)


class _Columns:
    """Columns that grow at the end. Views stay valid: what was appended does not change."""

    def __init__(self) -> None:
        self.size = 0
        self._numbers: NDArray[np.int64] = np.empty((3, _ROOM), np.int64)
        self._kinds: NDArray[np.uint8] = np.empty(_ROOM, np.uint8)
        self._texts: list[str] = []
        self._first_text = 0

    def append(self, arrivals: Arrivals) -> None:
        self._reserve(len(arrivals))
        cells = arrivals.cells
        if arrivals.texts:
            place = self._first_text + len(self._texts) - arrivals.first_text
            cells = np.where(arrivals.kinds == Kind.TEXT, cells + place, cells)
            self._texts.extend(arrivals.texts)
        self._put(arrivals, cells)

    def _put(self, arrivals: Arrivals, cells: NDArray[np.int64]) -> None:
        rows = slice(self.size, self.size + len(arrivals))
        self._numbers[0, rows], self._numbers[1, rows], self._numbers[2, rows] = arrivals.series, arrivals.times, cells
        self._kinds[rows] = arrivals.kinds
        self.size = rows.stop

    def view(self, start: int, end: int) -> Arrivals:
        series, times, cells = self._numbers[:, start:end]
        return Arrivals(series, times, self._kinds[start:end], cells, self._texts, self._first_text)

    def copy_from(self, start: int) -> "_Columns":
        """The columns from this position on, without the texts of earlier ones."""
        kept, copy = self.view(start, self.size), _Columns()
        places = kept.cells[kept.kinds == Kind.TEXT]
        copy._first_text = int(places[0]) if len(places) else self._first_text + len(self._texts)
        copy._texts = self._texts[copy._first_text - self._first_text :]
        copy._reserve(len(kept))
        copy._put(kept, kept.cells)
        return copy

    def _reserve(self, rows: int) -> None:
        if self.size + rows <= len(self._kinds):
            return
        room = max(self.size + rows, 2 * len(self._kinds))
        numbers, kinds = np.empty((3, room), np.int64), np.empty(room, np.uint8)
        numbers[:, : self.size], kinds[: self.size] = self._numbers[:, : self.size], self._kinds[: self.size]
        self._numbers, self._kinds = numbers, kinds
