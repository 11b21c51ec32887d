"""Writes, and changes of measurements."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

import numpy as np
import structlog

from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, ValueType
from iotflow_server.telemetry.resolution import resolve, unstorable
from iotflow_server.telemetry.stores.sqlite.schema import transaction
from iotflow_server.telemetry.stores.sqlite.series import SeriesCache
from iotflow_server.telemetry.type_conversion import MOST_READINGS, in_type, too_long

_STORE = "INSERT OR REPLACE INTO reading (series, time, value) VALUES (?, ?, ?)"
# Errors caused by a value that SQLite or its driver cannot store; other errors concern the state of the database.
_UNSTORABLE = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
)

Rejections = tuple[Rejection, ...]
Row = tuple[int, int, object]

_log = structlog.get_logger(__name__)


def write(
    connection: sqlite3.Connection, series_cache: SeriesCache, batches: Sequence[Batch], now: int | None
) -> list[Rejections]:
    """Store the batches in one transaction or, if one of them cannot be stored, each in its own; returns the rejections. now:
    see SeriesCache.without_readings."""
    try:
        return _write_together(connection, series_cache, batches, now)
    except _UNSTORABLE:
        return [_write_alone(connection, series_cache, batch, now) for batch in batches]


def _write_alone(
    connection: sqlite3.Connection, series_cache: SeriesCache, batch: Batch, now: int | None
) -> Rejections:
    try:
        return _write_together(connection, series_cache, [batch], now)[0]
    except _UNSTORABLE as error:
        _log.warning("batch_unstorable", device_id=batch.device_id, rows=len(batch.times), exc_info=error)
        return (unstorable(batch),)


def _write_together(
    connection: sqlite3.Connection, series_cache: SeriesCache, batches: Sequence[Batch], now: int | None
) -> list[Rejections]:
    try:
        with transaction(connection):
            series_cache.refresh(connection)
            rejections: list[Rejections] = []
            rows = chain.from_iterable(_parts(connection, series_cache, batches, rejections, now))
            connection.executemany(_STORE, rows)
    except BaseException:
        # The transaction was undone, and the cache may be ahead of the file.
        series_cache.forget(batch.device_id for batch in batches)
        raise
    return rejections


def _parts(
    connection: sqlite3.Connection,
    series_cache: SeriesCache,
    batches: Iterable[Batch],
    rejections: list[Rejections],
    now: int | None,
) -> Iterator[Iterable[Row]]:
    """Yield the rows to store, column by column, on demand; appends the rejections of each batch to `rejections`."""
    for batch in batches:
        known = series_cache.of(connection, batch.device_id)
        resolved = resolve(batch, known.types, series_cache.most)
        empty = series_cache.without_readings(connection, batch.device_id, resolved.conflicts, now)
        if empty:
            series_cache.drop(connection, batch.device_id, empty)
            resolved = resolve(batch, known.types, series_cache.most)
        if resolved.new_types:
            series_cache.add(connection, batch.device_id, resolved.new_types)
        rejections.append(resolved.rejections)
        times = batch.times.tolist()
        for column in resolved.columns:
            yield _rows(known.ids[column.measurement], batch.times, times, column)


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
    connection: sqlite3.Connection, series_cache: SeriesCache, device_id: int, measurement: str, value_type: ValueType
) -> None:
    """Convert a measurement to another type; see the port."""
    try:
        with transaction(connection):
            series_cache.refresh(connection)
            known = series_cache.of(connection, device_id)
            if measurement in known.ids:
                _convert(connection, known.ids[measurement], measurement, known.types[measurement], value_type)
                series_cache.retype(connection, device_id, measurement, value_type)
    except BaseException:
        # The transaction was undone, and the cache may be ahead of the file.
        series_cache.forget([device_id])
        raise


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
