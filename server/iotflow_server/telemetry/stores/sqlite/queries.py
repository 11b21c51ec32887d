"""Queries of one device in bounded chunks, of newest values, and of the number of readings."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Times, Values, ValueType
from iotflow_server.telemetry.ports import Latest, Span, in_requested_order
from iotflow_server.telemetry.stores.sqlite.retention import within_retention
from iotflow_server.telemetry.stores.sqlite.series import Series, series_of
from iotflow_server.telemetry.stores.sqlite.unmerged import ArrivalLog
from iotflow_server.telemetry.stores.sqlite.unmerged.arrivals import Arrivals
from iotflow_server.telemetry.stores.sqlite.unmerged.recent import Recent, newest_by_series, recent_in
from iotflow_server.telemetry.windows import blanks

_OLDEST = "SELECT time, value FROM reading WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?"
_NEWEST = "SELECT time, value FROM reading WHERE series = ? AND time >= ? AND time < ? ORDER BY time DESC LIMIT ?"

# Limits the rows of a chunk for devices with very many measurements, so that memory stays bounded.
_CHUNK_VALUES = 1_000_000

_LATEST = """
SELECT kept.id, kept.device_id, kept.measurement, kept.type, kept.milliseconds, reading.time, reading.value
FROM (SELECT DISTINCT value AS id FROM json_each(:devices)) AS device
CROSS JOIN kept ON kept.device_id = device.id
LEFT JOIN reading ON reading.series = kept.id
    AND reading.time = (SELECT max(time) FROM reading WHERE series = kept.id)
WHERE :measurements IS NULL OR kept.measurement IN (SELECT value FROM json_each(:measurements))
"""
_TIMES = "SELECT time FROM reading WHERE series = ? AND time >= ? AND time < ?"
_COUNT_ANY = """
SELECT count(DISTINCT time) FROM reading
WHERE series IN (SELECT value FROM json_each(?)) AND time >= ? AND time < ?
"""
# Number of the given times at which the table has no reading of the series.
_COUNT_OTHERS = """
SELECT count(*) FROM json_each(?) AS at
WHERE NOT EXISTS (SELECT 1 FROM json_each(?) AS one CROSS JOIN reading ON series = one.value AND time = at.value)
"""
# SQLite limits a UNION to 500 terms, and nests them.
_MERGED = 64


@dataclass(slots=True)
class Track:
    """The state of one series: fetched values that were not returned yet, and the span still to fetch.

    keys: shape (rows,), ascending: the times, negated if the newest come first. values: shape (rows,).
    """

    series: Series
    ahead: Span
    values: Values
    keys: Times = field(default_factory=lambda: np.empty(0, np.int64))
    ended: bool = False


class Scan:
    """One call of `read`: begin, then advance until ended. It holds no statement or transaction open between the calls, so a
    reader that pauses does not block checkpoints of the write-ahead log."""

    def __init__(self, device_id: int, newest_first: bool, chunk_rows: int, log: ArrivalLog) -> None:
        self._log = log
        self._device_id = device_id
        self._query = _NEWEST if newest_first else _OLDEST
        self._sign = -1 if newest_first else 1
        self._rows = chunk_rows
        self._tracks: list[Track] = []

    @property
    def ended(self) -> bool:
        """Whether everything was returned."""
        return not self._tracks

    def begin(self, connection: sqlite3.Connection, span: Span, measurements: Sequence[str] | None, now: int) -> None:
        """Find the series."""
        ahead = within_retention(connection, self._device_id, span, now)
        chosen = series_of(connection, self._device_id, measurements)
        self._tracks = [Track(series, ahead, blanks(series.type, 0)) for series in chosen]
        self._rows = max(1, min(self._rows, _CHUNK_VALUES // max(1, len(chosen))))

    def advance(self, connection: sqlite3.Connection) -> list[Batch]:
        """The next chunks; all except the very last have the full size."""
        unmerged = self._log.view(connection).of([track.series.id for track in self._tracks])
        for track in self._tracks:
            self._top_up(connection, track, unmerged)
        keys = self._complete()
        batches = [self._batch(keys[first : first + self._rows]) for first in range(0, len(keys), self._rows)]
        for track in self._tracks:
            done = np.searchsorted(track.keys, keys[-1], side="right") if len(keys) else 0
            track.keys, track.values = track.keys[done:], track.values[done:]
        self._tracks = [track for track in self._tracks if len(track.keys) or not track.ended]
        return batches

    def _top_up(self, connection: sqlite3.Connection, track: Track, unmerged: Arrivals) -> None:
        wanted = self._rows - len(track.keys)
        if track.ended or wanted <= 0:
            return
        layout = np.dtype([("time", np.int64), ("value", track.series.type.dtype)])
        arguments = (track.series.id, track.ahead.start, track.ahead.end, wanted)
        fetched = np.fromiter(connection.execute(self._query, arguments), layout)
        track.ended = len(fetched) < wanted
        covered, track.ahead = self._divided(track, fetched["time"])
        times, values = _with_recent(fetched["time"], fetched["value"], recent_in(unmerged, track.series, covered))
        if self._sign < 0:
            times, values = times[::-1], values[::-1]
        track.keys = np.concatenate([track.keys, times * self._sign])
        track.values = np.concatenate([track.values, values])

    def _divided(self, track: Track, times: Times) -> tuple[Span, Span]:
        """The part of the span ahead that the fetched times cover, and the rest."""
        ahead = track.ahead
        if track.ended:
            return ahead, ahead
        last = int(times[-1])
        if self._sign < 0:
            return Span(last, ahead.end), Span(ahead.start, last)
        return Span(ahead.start, last + 1), Span(last + 1, ahead.end)

    def _complete(self) -> Times:
        """The ascending keys up to which every series was fetched: whole chunks of them until all series have ended."""
        if not self._tracks:
            return np.empty(0, np.int64)
        keys = np.unique(np.concatenate([track.keys for track in self._tracks]))
        fronts = [track.keys[-1] for track in self._tracks if not track.ended]
        if not fronts:
            return keys
        # A series that has not ended has a full chunk, so at least one whole chunk ends before the nearest front.
        known = int(np.searchsorted(keys, min(fronts), side="right"))
        return keys[: known - known % self._rows]

    def _batch(self, keys: Times) -> Batch:
        columns = (_column(track, keys) for track in self._tracks)
        return Batch(self._device_id, keys * self._sign, tuple(column for column in columns if column is not None))


def _with_recent(times: Times, values: Values, recent: Recent) -> tuple[Times, Values]:
    """Readings of a series with those that are not merged yet, which win; ascending."""
    if not len(recent.times):
        in_order = len(times) < 2 or times[0] < times[-1]
        return (times, values) if in_order else (times[::-1], values[::-1])
    all_times, first = np.unique(np.concatenate([recent.times, times]), return_index=True)
    return all_times, np.concatenate([recent.values, values])[first]


def _column(track: Track, keys: Times) -> Column | None:
    """The values of the series at the keys; None if there are none."""
    first, last = np.searchsorted(track.keys, keys[0]), np.searchsorted(track.keys, keys[-1], side="right")
    if first == last:
        return None
    if last - first == len(keys):
        return Column(track.series.measurement, track.series.type, track.values[first:last])
    where = np.searchsorted(keys, track.keys[first:last])
    values = blanks(track.series.type, len(keys))
    valid = np.zeros(len(keys), np.bool_)
    values[where] = track.values[first:last]
    valid[where] = True
    return Column(track.series.measurement, track.series.type, values, valid)


def latest(
    connection: sqlite3.Connection,
    device_ids: Sequence[int],
    measurements: Sequence[str] | None,
    now: int,
    log: ArrivalLog,
) -> dict[int, tuple[Latest, ...]]:
    """The newest value of each measurement of each device; see the port."""
    requested = None if measurements is None else json.dumps(list(measurements))
    arguments = {"devices": json.dumps(list(device_ids)), "measurements": requested, "now": now}
    found: dict[int, dict[str, Latest]] = {}
    rows = connection.execute(_LATEST, arguments).fetchall()
    recent = newest_by_series(log.view(connection), [row[0] for row in rows])
    for series, device_id, measurement, kind, milliseconds, time, value in rows:
        newest = _newest(recent.get(series), ValueType(kind), time, value)
        # If the newest value of a series has expired, all have.
        if newest is not None and (milliseconds is None or newest[0] >= now - milliseconds):
            column = Column(measurement, ValueType(kind), newest[1])
            found.setdefault(device_id, {})[measurement] = Latest(newest[0], column)
    return {device_id: in_requested_order(by_name, measurements) for device_id, by_name in found.items()}


def _newest(
    recent: Arrivals | None, value_type: ValueType, time: int | None, value: object
) -> tuple[int, Values] | None:
    """The later one of an unmerged reading and one of the table; None if there is neither."""
    if recent is not None and (time is None or time <= recent.times[0]):
        return int(recent.times[0]), recent.column(value_type)
    return None if time is None else (time, np.array([value], value_type.dtype))


def count(connection: sqlite3.Connection, device_id: int, span: Span, now: int, log: ArrivalLog) -> int:
    """Number of distinct times of the device within the span that have a value."""
    kept = within_retention(connection, device_id, span, now)
    ids = [series.id for series in series_of(connection, device_id)]
    if not ids:
        return 0
    if len(ids) > _MERGED:
        row = connection.execute(_COUNT_ANY, (json.dumps(ids), kept.start, kept.end)).fetchone()
    else:
        # With ORDER BY, SQLite merges the sorted series without a temporary table, which is twice as fast.
        merged = " UNION ".join([_TIMES] * len(ids)) + " ORDER BY time"
        arguments = [argument for number in ids for argument in (number, kept.start, kept.end)]
        row = connection.execute("SELECT count(*) FROM (" + merged + ")", arguments).fetchone()  # noqa: S608 - constants
    return int(row[0]) + _count_unmerged(connection, log.view(connection).of(ids), ids, kept)


def _count_unmerged(connection: sqlite3.Connection, unmerged: Arrivals, ids: Sequence[int], span: Span) -> int:
    """Number of times within the span at which there are unmerged readings only."""
    times = np.unique(unmerged.times[(unmerged.times >= span.start) & (unmerged.times < span.end)])
    if not len(times):
        return 0
    row = connection.execute(_COUNT_OTHERS, (json.dumps(times.tolist()), json.dumps(list(ids)))).fetchone()
    return int(row[0])
