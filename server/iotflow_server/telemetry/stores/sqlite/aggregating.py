"""Aggregation over windows, computed by SQLite."""

import sqlite3
from collections.abc import Sequence
from math import sqrt

import numpy as np

from iotflow.words import Aggregation, Fill
from iotflow_server.telemetry.batch import Column
from iotflow_server.telemetry.ports import Span, Windows
from iotflow_server.telemetry.stores.sqlite.retention import within_retention
from iotflow_server.telemetry.stores.sqlite.series import Series, series_of
from iotflow_server.telemetry.windows import FunctionValues, assembled, function_type, supported

# SQLite's % keeps the sign of the time, so times before 1970 need the length of the window added to find its start. total() and
# avg() add doubles, sum() would fail on integers beyond 64 bits. CROSS JOIN keeps the windows in the outer loop.
_PLAIN = """
WITH bucket AS (
    SELECT time - (time % :window + :window) % :window AS start,
        count(*) AS count, total(value) AS sum, avg(value) AS avg, min(value) AS min, max(value) AS max,
        min(time) AS first_time, max(time) AS last_time
    FROM reading WHERE series = :series AND time >= :start AND time < :end GROUP BY 1
)
SELECT bucket.start, count, sum, avg, min, max, earliest.value AS first, newest.value AS last
FROM bucket
CROSS JOIN reading AS earliest ON earliest.series = :series AND earliest.time = bucket.first_time
CROSS JOIN reading AS newest ON newest.series = :series AND newest.time = bucket.last_time
ORDER BY bucket.start
"""
_MEDIAN = """
SELECT start, avg(value) AS median FROM (
    SELECT start, value, row_number() OVER (PARTITION BY start ORDER BY value) AS place,
        count(*) OVER (PARTITION BY start) AS count
    FROM (
        SELECT time - (time % :window + :window) % :window AS start, value
        FROM reading WHERE series = :series AND time >= :start AND time < :end
    )
)
WHERE place IN ((count + 1) / 2, (count + 2) / 2) GROUP BY start ORDER BY start
"""
# Two passes: the mean first, then the distances from it. A sum of squares in one pass loses all digits when the values are large
# and close together.
_VARIANCE = """
WITH mean AS MATERIALIZED (
    SELECT time - (time % :window + :window) % :window AS start, avg(value) AS value
    FROM reading WHERE series = :series AND time >= :start AND time < :end GROUP BY 1 HAVING count(*) > 1
)
SELECT mean.start, total((reading.value - mean.value) * (reading.value - mean.value)) / (count(*) - 1) AS variance
FROM mean
CROSS JOIN reading ON series = :series
    AND time >= max(mean.start, :start) AND time < min(mean.start + :window, :end)
GROUP BY mean.start ORDER BY mean.start
"""
_PLAIN_ORDER = (
    Aggregation.COUNT,
    Aggregation.SUM,
    Aggregation.AVG,
    Aggregation.MIN,
    Aggregation.MAX,
    Aggregation.FIRST,
    Aggregation.LAST,
)


def aggregate(
    connection: sqlite3.Connection,
    device_id: int,
    span: Span,
    window: int,
    functions: Sequence[Aggregation],
    measurements: Sequence[str] | None,
    fill: Fill | None,
    now: int,
) -> Windows:
    """Aggregate over windows; see the port."""
    kept = within_retention(connection, device_id, span, now)
    distinct = tuple(dict.fromkeys(functions))
    parts = [
        part
        for series in series_of(connection, device_id, measurements)
        for part in _parts(connection, series, kept, window, distinct)
    ]
    return assembled(parts, span, window, fill)


def _parts(
    connection: sqlite3.Connection, series: Series, span: Span, window: int, functions: Sequence[Aggregation]
) -> list[FunctionValues]:
    requested = supported(functions, series.type)
    arguments = {"series": series.id, "start": span.start, "end": span.end, "window": window}
    found: dict[Aggregation, FunctionValues] = {}
    if any(function in _PLAIN_ORDER for function in requested):
        rows = connection.execute(_PLAIN, arguments).fetchall()
        for index, function in enumerate(_PLAIN_ORDER, start=1):
            if function in requested:
                found[function] = _values(function, series, [(row[0], row[index]) for row in rows])
    if Aggregation.MEDIAN in requested:
        rows = connection.execute(_MEDIAN, arguments).fetchall()
        found[Aggregation.MEDIAN] = _values(Aggregation.MEDIAN, series, rows)
    if Aggregation.STDDEV in requested:
        rows = connection.execute(_VARIANCE, arguments).fetchall()
        found[Aggregation.STDDEV] = _values(
            Aggregation.STDDEV, series, [(start, _root(variance)) for start, variance in rows]
        )
    return [found[function] for function in requested]


def _values(function: Aggregation, series: Series, rows: Sequence[tuple[int, object]]) -> FunctionValues:
    value_type = function_type(function, series.type)
    # The result is NULL if it is not a number.
    present = [(start, value) for start, value in rows if value is not None]
    starts = np.array([start for start, _ in present], np.int64)
    values = np.array([value for _, value in present], value_type.dtype)
    return FunctionValues(function, starts, Column(series.measurement, value_type, values))


def _root(variance: float | None) -> float | None:
    return None if variance is None else sqrt(variance)
