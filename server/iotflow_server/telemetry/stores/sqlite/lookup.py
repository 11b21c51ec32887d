"""Queries for newest values and for the number of readings."""

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from iotflow_server.telemetry.batch import Column, ValueType
from iotflow_server.telemetry.ports import Latest, Span, in_requested_order
from iotflow_server.telemetry.stores.sqlite.retention import within_retention
from iotflow_server.telemetry.stores.sqlite.series import series_of

# If the newest value of a series has expired, all have.
_LATEST = """
SELECT kept.device_id, kept.measurement, kept.type, reading.time, reading.value
FROM (SELECT DISTINCT value AS id FROM json_each(:devices)) AS device
CROSS JOIN kept ON kept.device_id = device.id
CROSS JOIN reading ON reading.series = kept.id
    AND reading.time = (SELECT max(time) FROM reading WHERE series = kept.id)
WHERE (kept.milliseconds IS NULL OR reading.time >= :now - kept.milliseconds)
    AND (:measurements IS NULL OR kept.measurement IN (SELECT value FROM json_each(:measurements)))
"""
_TIMES = "SELECT time FROM reading WHERE series = ? AND time >= ? AND time < ?"
_COUNT_ANY = """
SELECT count(DISTINCT time) FROM reading
WHERE series IN (SELECT value FROM json_each(?)) AND time >= ? AND time < ?
"""
# SQLite limits a UNION to 500 terms, and nests them.
_MERGED = 64


def latest(
    connection: sqlite3.Connection, device_ids: Sequence[int], measurements: Sequence[str] | None, now: int
) -> dict[int, tuple[Latest, ...]]:
    """The newest value of each measurement of each device; see the port."""
    requested = None if measurements is None else json.dumps(list(measurements))
    arguments = {"devices": json.dumps(list(device_ids)), "measurements": requested, "now": now}
    found: dict[int, dict[str, Latest]] = {}
    for device_id, measurement, kind, time, value in connection.execute(_LATEST, arguments):
        value_type = ValueType(kind)
        column = Column(measurement, value_type, np.array([value], value_type.dtype))
        found.setdefault(device_id, {})[measurement] = Latest(time, column)
    return {device_id: in_requested_order(by_name, measurements) for device_id, by_name in found.items()}


def count(connection: sqlite3.Connection, device_id: int, span: Span, now: int) -> int:
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
    return int(row[0])
