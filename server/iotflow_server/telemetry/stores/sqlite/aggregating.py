"""Figures over windows, computed by SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Column, Times, ValueType
from iotflow_server.telemetry.filling import filled, spread, windows_of
from iotflow_server.telemetry.ports import Fill, Function, Span, WindowFigures, Windows
from iotflow_server.telemetry.stores.sqlite.retention import within_retention
from iotflow_server.telemetry.stores.sqlite.series import Series, series_of

# SQLite's % keeps the sign of the time, so a time before 1970 needs the window's length added to find its window's
# start. total() and avg() add doubles: sum() would fail on integers past 64 bits. CROSS JOIN keeps the windows the
# outer loop.
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
# Twice over the readings: the mean first, then the distances from it. The sum of squares in one go loses all digits
# when the values are large and close together.
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
    Function.COUNT,
    Function.SUM,
    Function.AVG,
    Function.MIN,
    Function.MAX,
    Function.FIRST,
    Function.LAST,
)
_OF_ANY_TYPE = (Function.COUNT, Function.FIRST, Function.LAST)
_OF_THE_TYPE = (Function.MIN, Function.MAX, Function.FIRST, Function.LAST)


@dataclass(frozen=True, slots=True)
class AggregateResult:
    """One function of one measurement: the windows that have it, by their starts (shape (windows,), rising), and its
    values."""

    function: Function
    starts: Times
    column: Column


def aggregate(
    connection: sqlite3.Connection,
    device_id: int,
    span: Span,
    window: int,
    functions: Sequence[Function],
    measurements: Sequence[str] | None,
    fill: Fill | None,
    now: int,
) -> Windows:
    """Figures over windows; see the port."""
    kept = within_retention(connection, device_id, span, now)
    answers: list[AggregateResult] = []
    for series in series_of(connection, device_id, measurements):
        answers += _answers(connection, series, kept, window, tuple(dict.fromkeys(functions)))
    grid = _union(answer.starts for answer in answers) if fill is None else windows_of(span, window)
    return Windows(grid, tuple(_figures(grid, answer, fill) for answer in answers))


def _answers(
    connection: sqlite3.Connection, series: Series, span: Span, window: int, functions: Sequence[Function]
) -> list[AggregateResult]:
    had = [function for function in functions if series.type.is_number or function in _OF_ANY_TYPE]
    arguments = {"series": series.id, "start": span.start, "end": span.end, "window": window}
    found: dict[Function, AggregateResult] = {}
    if any(function in _PLAIN_ORDER for function in had):
        rows = connection.execute(_PLAIN, arguments).fetchall()
        for place, function in enumerate(_PLAIN_ORDER, start=1):
            if function in had:
                found[function] = _answer(function, series, [(row[0], row[place]) for row in rows])
    if Function.MEDIAN in had:
        rows = connection.execute(_MEDIAN, arguments).fetchall()
        found[Function.MEDIAN] = _answer(Function.MEDIAN, series, rows)
    if Function.STDDEV in had:
        rows = connection.execute(_VARIANCE, arguments).fetchall()
        found[Function.STDDEV] = _rooted(_answer(Function.STDDEV, series, rows))
    return [found[function] for function in had]


def _answer(function: Function, series: Series, rows: Sequence[tuple[int, object]]) -> AggregateResult:
    value_type = _type(function, series.type)
    # Where the readings add up to no number, SQLite says NULL.
    had = [(start, value) for start, value in rows if value is not None]
    starts = np.array([start for start, _ in had], np.int64)
    values = np.array([value for _, value in had], value_type.dtype)
    return AggregateResult(function, starts, Column(series.measurement, value_type, values))


def _rooted(variance: AggregateResult) -> AggregateResult:
    column = variance.column
    return AggregateResult(
        variance.function, variance.starts, Column(column.measurement, column.type, np.sqrt(column.values))
    )


def _type(function: Function, value_type: ValueType) -> ValueType:
    if function is Function.COUNT:
        return ValueType.INT64
    return value_type if function in _OF_THE_TYPE else ValueType.DOUBLE


def _union(starts: Iterable[Times]) -> Times:
    return np.unique(np.concatenate([np.empty(0, np.int64), *starts]))


def _figures(grid: Times, answer: AggregateResult, fill: Fill | None) -> WindowFigures:
    column = spread(grid, answer.starts, answer.column)
    if answer.function is Function.COUNT:
        column = Column(column.measurement, column.type, column.values)
    elif fill is not None:
        column = filled(column, fill)
    return WindowFigures(answer.function, column)
