"""The merge of arrivals into the table of readings: in the order of the table, in short transactions."""

import sqlite3
from secrets import randbits

import numpy as np

from iotflow_server.telemetry.stores.sqlite.schema import STORE, transaction
from iotflow_server.telemetry.stores.sqlite.unmerged.arrivals import Arrivals
from iotflow_server.telemetry.stores.sqlite.unmerged.log import ArrivalLog

# Readings in one transaction, for which a write may have to wait some ten milliseconds.
_SLICE = 5_000
_DROPPED = "SELECT id FROM series WHERE device_id < 0"
_CLAIM = "INSERT OR REPLACE INTO merge (id, claim) VALUES (1, ?)"
_CLAIMED = "SELECT 1 FROM merge WHERE claim = ?"
_REMOVE = "DELETE FROM unmerged WHERE id <= ?"


class Merge:
    """A merge in progress. last: the number of the last record of the readings. claim: of this merge on the file."""

    def __init__(self, arrivals: Arrivals, last: int, claim: int) -> None:
        self._arrivals = arrivals
        self._done = 0
        self.last = last
        self.claim = claim
        self.is_complete = False

    def sort(self) -> None:
        """Sort the readings; called once, before the first slice. Takes up to some hundred milliseconds."""
        self._arrivals = self._arrivals.newest_written()

    def following(self) -> Arrivals:
        """The readings to merge next; at the end none."""
        return self._arrivals.select(slice(self._done, self._done + _SLICE))

    @property
    def is_last(self) -> bool:
        """Whether these are the last ones."""
        return self._done + _SLICE >= len(self._arrivals)

    def record_merged(self) -> None:
        """Go on to the readings behind them."""
        self.is_complete = self.is_last
        self._done += _SLICE


def begin(connection: sqlite3.Connection, log: ArrivalLog) -> Merge | None:
    """Begin to merge all readings that the log has; None if it has none.

    Ends the merges of other processes: a reading of an older record must not overwrite one of a newer record.
    """
    claim = randbits(62)
    with transaction(connection):
        arrivals, last = log.bounded_view(connection)
        if not last:
            return None
        connection.execute(_CLAIM, (claim,))
    return Merge(arrivals, last, claim)


def advance(connection: sqlite3.Connection, log: ArrivalLog, merge: Merge) -> bool:
    """Merge the next readings in one transaction; the last one removes the records. Returns False, and does nothing, if another
    process has begun a merge since."""
    with transaction(connection):
        if connection.execute(_CLAIMED, (merge.claim,)).fetchone() is None:
            return False
        store(connection, merge.following())
        if merge.is_last:
            connection.execute(_REMOVE, (merge.last,))
    merge.record_merged()
    if merge.is_complete:
        log.forget_merged(merge.last)
    return True


def finish_in_transaction(connection: sqlite3.Connection, log: ArrivalLog) -> int:
    """Merge all readings within the current transaction. Returns the number of the last record, for log.forget_merged after the
    commit; 0 if there is none."""
    arrivals, last = log.bounded_view(connection)
    if last:
        connection.execute(_CLAIM, (randbits(62),))
        store(connection, arrivals.newest_written())
        connection.execute(_REMOVE, (last,))
    return last


def store(connection: sqlite3.Connection, arrivals: Arrivals) -> None:
    """Put readings into the table, without those of dropped series."""
    dropped = [number for (number,) in connection.execute(_DROPPED)]
    if dropped:
        arrivals = arrivals.select(~np.isin(arrivals.series, np.array(dropped, np.int64)))
    rows = zip(arrivals.series.tolist(), arrivals.times.tolist(), arrivals.values(), strict=True)
    connection.executemany(STORE, rows)
