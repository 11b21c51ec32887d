"""Aggregation over windows, computed by SQLite."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from iotflow.words import Aggregation, Fill
from iotflow_server.telemetry.batch import Column
from iotflow_server.telemetry.ports import Span, Windows
from iotflow_server.telemetry.stores.sqlite.retention import within_retention
from iotflow_server.telemetry.stores.sqlite.schema import ReadingConnection
from iotflow_server.telemetry.stores.sqlite.series import Series, series_of
from iotflow_server.telemetry.stores.sqlite.unmerged import ArrivalLog
from iotflow_server.telemetry.stores.sqlite.unmerged.recent import Recent, recent_in
from iotflow_server.telemetry.windows import FunctionValues, assembled, function_type, supported

# The readings of a series in the table, and those together with the unmerged ones, which win.
_MERGED = "SELECT time, value FROM reading WHERE series = :series AND time >= :start AND time < :end"
_ALL = f"{_MERGED} AND time NOT IN (SELECT time FROM recent) UNION ALL SELECT time, value FROM recent"  # noqa: S608 - constants
_MERGED_AT = "(SELECT value FROM reading WHERE series = :series AND time = {time})"
_AT = f"coalesce((SELECT value FROM recent WHERE time = {{time}}), {_MERGED_AT})"  # noqa: S608 - constants
# Unmerged readings of one series, within the span of the aggregation.
_RECENT = "CREATE TEMP TABLE IF NOT EXISTS recent (time INTEGER PRIMARY KEY, value NOT NULL)"
# SQLite's % keeps the sign of the time, so times before 1970 need the length of the window added to find its start.
_START = "time - (time % :window + :window) % :window"
# total() and avg() add doubles, sum() would fail on integers beyond 64 bits.
_PLAIN = """
WITH bucket AS (
    SELECT {start} AS start, count(*) AS count, total(value) AS sum, avg(value) AS avg, min(value) AS min, max(value) AS max,
        min(time) AS first_time, max(time) AS last_time
    FROM ({readings}) GROUP BY 1
)
SELECT start, count, sum, avg, min, max, {first} AS first, {last} AS last FROM bucket ORDER BY start
"""
_MEDIAN = """
SELECT start, avg(value) AS median FROM (
    SELECT start, value, row_number() OVER (PARTITION BY start ORDER BY value) AS place,
        count(*) OVER (PARTITION BY start) AS count
    FROM (SELECT {start} AS start, value FROM ({readings}))
)
WHERE place IN ((count + 1) / 2, (count + 2) / 2) GROUP BY start ORDER BY start
"""
# Two passes: the mean first, then the distances from it. A sum of squares in one pass loses all digits when the values are large
# and close together. CROSS JOIN keeps the given order of the loops: the windows, or the readings where they have no order.
_VARIANCE = """
WITH mean AS MATERIALIZED (
    SELECT {start} AS start, avg(value) AS value FROM ({readings}) GROUP BY 1 HAVING count(*) > 1
)
SELECT mean.start, total((one.value - mean.value) * (one.value - mean.value)) / (count(*) - 1) AS variance
FROM {joined}
GROUP BY mean.start ORDER BY mean.start
"""
_MERGED_BY_WINDOW = """mean CROSS JOIN reading AS one ON one.series = :series
    AND one.time >= max(mean.start, :start) AND one.time < min(mean.start + :window, :end)"""
_ALL_WITH_MEANS = f"(SELECT {_START} AS start, value FROM ({_ALL})) AS one CROSS JOIN mean ON mean.start = one.start"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Statements:
    """Aggregations of the readings of a series."""

    plain: str
    median: str
    variance: str


def _statements(readings: str, at: str, joined: str) -> Statements:
    first, last = at.format(time="first_time"), at.format(time="last_time")
    parts = {"start": _START, "readings": readings, "first": first, "last": last, "joined": joined}
    return Statements(*(statement.format(**parts) for statement in (_PLAIN, _MEDIAN, _VARIANCE)))


_OF_MERGED = _statements(_MERGED, _MERGED_AT, _MERGED_BY_WINDOW)
_OF_ALL = _statements(_ALL, _AT, _ALL_WITH_MEANS)
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
    connection: ReadingConnection,
    device_id: int,
    span: Span,
    window: int,
    functions: Sequence[Aggregation],
    measurements: Sequence[str] | None,
    fill: Fill | None,
    now: int,
    log: ArrivalLog,
) -> Windows:
    """Aggregate over windows; see the port."""
    kept = within_retention(connection, device_id, span, now)
    distinct = tuple(dict.fromkeys(functions))
    chosen = series_of(connection, device_id, measurements)
    unmerged = log.view(connection).of([series.id for series in chosen])
    parts = [
        part
        for series in chosen
        for part in _parts(_Query(connection, series, window, recent_in(unmerged, series, kept)), kept, distinct)
    ]
    return assembled(parts, span, window, fill)


@dataclass(frozen=True, slots=True)
class _Query:
    """Aggregations of one series. recent: its unmerged readings within the span."""

    connection: ReadingConnection
    series: Series
    window: int
    recent: Recent

    def sections(self, span: Span) -> list[tuple[Statements, Span]]:
        """The parts of the span, in order: the windows with unmerged readings and those between them, and the ones before and
        after. Prepares the former."""
        times = self.recent.times
        if not len(times):
            return [(_OF_MERGED, span)]
        with self.connection.writable():
            # The end of the read removes the table.
            self.connection.execute(_RECENT)
            self.connection.execute("DELETE FROM recent")
            rows = zip(times.tolist(), self.recent.values.tolist(), strict=True)
            self.connection.executemany("INSERT INTO recent (time, value) VALUES (?, ?)", rows)
        first = max(span.start, int(times[0]) // self.window * self.window)
        end = min(span.end, int(times[-1]) // self.window * self.window + self.window)
        parts = ((_OF_MERGED, Span(span.start, first)), (_OF_ALL, Span(first, end)), (_OF_MERGED, Span(end, span.end)))
        return [(statements, part) for statements, part in parts if part.start < part.end]

    def rows(self, sections: Sequence[tuple[Statements, Span]], kind: str) -> list[Any]:
        """The rows of one statement over all sections."""
        found = []
        for statements, part in sections:
            arguments = {"series": self.series.id, "start": part.start, "end": part.end, "window": self.window}
            found += self.connection.execute(getattr(statements, kind), arguments).fetchall()
        return found


def _parts(query: _Query, span: Span, functions: Sequence[Aggregation]) -> list[FunctionValues]:
    series = query.series
    requested = supported(functions, series.type)
    sections = query.sections(span) if requested else []
    found: dict[Aggregation, FunctionValues] = {}
    if any(function in _PLAIN_ORDER for function in requested):
        rows = query.rows(sections, "plain")
        for index, function in enumerate(_PLAIN_ORDER, start=1):
            if function in requested:
                found[function] = _values(function, series, [(row[0], row[index]) for row in rows])
    if Aggregation.MEDIAN in requested:
        found[Aggregation.MEDIAN] = _values(Aggregation.MEDIAN, series, query.rows(sections, "median"))
    if Aggregation.STDDEV in requested:
        roots = [(start, _root(variance)) for start, variance in query.rows(sections, "variance")]
        found[Aggregation.STDDEV] = _values(Aggregation.STDDEV, series, roots)
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
