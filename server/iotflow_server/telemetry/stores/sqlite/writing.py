"""Writes, and changes of measurements."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

import numpy as np
import structlog

from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, ValueType
from iotflow_server.telemetry.multi_device_batch import (
    AnyBatch,
    MultiDeviceBatch,
    device_ids_of,
    moved,
    regrouped,
    separated,
)
from iotflow_server.telemetry.resolution import resolve, unstorable
from iotflow_server.telemetry.stores.sqlite.known_devices import WIDE_ROWS, KnownDevices
from iotflow_server.telemetry.stores.sqlite.schema import STORE, transaction
from iotflow_server.telemetry.stores.sqlite.series import SeriesCache, retention_of
from iotflow_server.telemetry.stores.sqlite.unmerged import ArrivalLog
from iotflow_server.telemetry.stores.sqlite.unmerged.arrivals import Arrivals, Gathered, UnstorableValue
from iotflow_server.telemetry.stores.sqlite.unmerged.merging import finish_in_transaction
from iotflow_server.telemetry.type_conversion import MOST_READINGS, in_type, too_long

# Errors caused by a value that SQLite or its driver cannot store; other errors concern the state of the database.
_UNSTORABLE = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
    UnstorableValue,
)

Rejections = tuple[Rejection, ...]
Row = tuple[int, int, object]

_log = structlog.get_logger(__name__)


def write(
    connection: sqlite3.Connection,
    series_cache: SeriesCache,
    batches: Sequence[AnyBatch],
    now: int | None,
    log: ArrivalLog | None = None,
) -> list[Rejections]:
    """Store the batches in one transaction or, if one of them cannot be stored, each in its own; returns the rejections. now:
    see SeriesCache.without_readings. log: of the file; default: it is read from there."""
    log = log or ArrivalLog()
    try:
        return _write_together(connection, series_cache, batches, now, log)
    except _UNSTORABLE:
        alone = [_write_alone(connection, series_cache, batch, now, log) for batch in separated(batches)]
        return regrouped(batches, alone)


def _write_alone(
    connection: sqlite3.Connection, series_cache: SeriesCache, batch: Batch, now: int | None, log: ArrivalLog
) -> Rejections:
    try:
        return _write_together(connection, series_cache, [batch], now, log)[0]
    except _UNSTORABLE as error:
        _log.warning("batch_unstorable", device_id=batch.device_id, rows=len(batch.times), exc_info=error)
        return (unstorable(batch),)


def _write_together(
    connection: sqlite3.Connection,
    series_cache: SeriesCache,
    batches: Sequence[AnyBatch],
    now: int | None,
    log: ArrivalLog,
) -> list[Rejections]:
    added: tuple[int, Arrivals] | None = None
    try:
        with transaction(connection):
            series_cache.refresh(connection)
            writing = _Writing(connection, series_cache, now, log.view(connection))
            rejections = [writing.write(batch) for batch in batches]
            if writing.gathered:
                arrivals = writing.gathered.arrivals()
                added = log.add(connection, arrivals), arrivals
    except BaseException:
        # The transaction was undone, and the cache may be ahead of the file.
        series_cache.forget(device_ids_of(batches))
        raise
    if added:
        log.record_committed(*added)
    return rejections


class _Writing:
    """One transaction. unmerged: the readings of earlier ones that are not in the table yet. gathered: the readings to add to them."""

    def __init__(
        self, connection: sqlite3.Connection, series_cache: SeriesCache, now: int | None, unmerged: Arrivals
    ) -> None:
        self._connection = connection
        self._series_cache = series_cache
        self._now = now
        self._unmerged = unmerged
        self.gathered = Gathered()

    def write(self, batch: AnyBatch) -> Rejections:
        """Write a batch to the table, or gather it; returns its rejections."""
        return self._write_one(batch) if isinstance(batch, Batch) else self._write_together(batch)

    def _write_together(self, batch: MultiDeviceBatch) -> Rejections:
        """Gather the readings of all devices whose measurements have the types of the batch; the others are written separately."""
        devices = KnownDevices.of(batch, [self._series_cache.of(self._connection, one) for one in batch.device_ids])
        firsts = batch.firsts
        rejections = [
            one
            for place in devices.separate.tolist()
            for one in moved(self._write_one(batch.part(place)), int(firsts[place]))
        ]
        for series, column in zip(devices.series, batch.columns, strict=True):
            rows = devices.rows(column)
            self.gathered.add_rows(series[devices.owners[rows]], batch.times[rows], column.type, column.values[rows])
        return tuple(rejections)

    def _write_one(self, batch: Batch) -> Rejections:
        known = self._series_cache.of(self._connection, batch.device_id)
        resolved = resolve(batch, known.types, self._series_cache.most)
        if resolved.rejections and (empty := self._without_readings(batch.device_id, resolved.conflicts)):
            self._series_cache.drop(self._connection, batch.device_id, empty)
            resolved = resolve(batch, known.types, self._series_cache.most)
        if resolved.new_types:
            self._series_cache.add(self._connection, batch.device_id, resolved.new_types)
        if len(batch.times) >= WIDE_ROWS and not self._has_unmerged(known.ids, resolved.columns):
            times = batch.times.tolist()
            for column in resolved.columns:
                rows = _rows(known.ids[column.measurement], batch.times, times, column)
                self._connection.executemany(STORE, rows)
        else:
            for column in resolved.columns:
                self.gathered.add(known.ids[column.measurement], batch.times, column)
        return resolved.rejections

    def _has_unmerged(self, ids: Mapping[str, int], columns: Sequence[Column]) -> bool:
        """Whether readings of these columns wait for their merge, which would overwrite later ones in the table."""
        series = [ids[column.measurement] for column in columns]
        return bool(len(self._unmerged.of(series))) or any(map(self.gathered.times, series))

    def _without_readings(self, device_id: int, names: Iterable[str]) -> list[str]:
        """The given measurements that exist but have no readings, in the table or elsewhere."""
        found = self._series_cache.without_readings(self._connection, device_id, names, self._now)
        ids = self._series_cache.of(self._connection, device_id).ids
        return [name for name in found if not self._is_waiting(ids[name])]

    def _is_waiting(self, series: int) -> bool:
        """Whether there is an unmerged reading of the series that has not expired."""
        times = np.concatenate([self._unmerged.of([series]).times, *self.gathered.times(series)])
        if not len(times) or self._now is None:
            return bool(len(times))
        kept = retention_of(self._connection, series)
        return kept is None or bool(times.max() >= self._now - kept)


def _rows(series: int, times: Times, listed: list[int], column: Column) -> Iterable[Row]:
    # SQLite has no booleans: they are stored as 0 and 1, which is how numpy returns int8.
    values = column.values.view(np.int8) if column.type is ValueType.BOOLEAN else column.values
    if column.valid is None:
        return zip(repeat(series), listed, values.tolist(), strict=False)
    return zip(repeat(series), times[column.valid].tolist(), values[column.valid].tolist(), strict=False)


_READINGS = "SELECT time, value FROM reading WHERE series = ? ORDER BY time LIMIT ?"
_CHANGE = "UPDATE reading SET value = ? WHERE series = ? AND time = ?"


def drop(connection: sqlite3.Connection, series_cache: SeriesCache, device_id: int, measurement: str) -> None:
    """Drop a measurement; its readings are hidden at once and removed later."""
    try:
        with transaction(connection):
            series_cache.refresh(connection)
            series_cache.drop(connection, device_id, [measurement])
    except BaseException:
        # The transaction was undone, and the cache may be ahead of the file.
        series_cache.forget([device_id])
        raise


def retype(
    connection: sqlite3.Connection,
    series_cache: SeriesCache,
    device_id: int,
    measurement: str,
    value_type: ValueType,
    log: ArrivalLog | None = None,
) -> None:
    """Convert a measurement to another type; see the port. log: as for write."""
    log, merged = log or ArrivalLog(), 0
    try:
        with transaction(connection):
            series_cache.refresh(connection)
            known = series_cache.of(connection, device_id)
            if measurement in known.ids:
                # Unmerged readings have the type that the measurement has now.
                merged = finish_in_transaction(connection, log)
                _convert(connection, known.ids[measurement], measurement, known.types[measurement], value_type)
                series_cache.retype(connection, device_id, measurement, value_type)
    except BaseException:
        # The transaction was undone, and the cache may be ahead of the file.
        series_cache.forget([device_id])
        raise
    log.forget_merged(merged)


def _convert(
    connection: sqlite3.Connection, series: int, measurement: str, kept: ValueType, value_type: ValueType
) -> None:
    layout = np.dtype([("time", np.int64), ("value", kept.dtype)])
    found = np.fromiter(connection.execute(_READINGS, (series, MOST_READINGS + 1)), layout)
    if len(found) > MOST_READINGS:
        raise too_long(measurement)
    times = found["time"].tolist()
    column = in_type(Column(measurement, kept, found["value"]), times, value_type)
    values = column.values.view(np.int8) if value_type is ValueType.BOOLEAN else column.values
    connection.executemany(_CHANGE, ((value, series, time) for value, time in zip(values.tolist(), times, strict=True)))
