"""Retention rules, and the removal of expired and deleted readings."""

import json
import sqlite3
from collections import deque
from collections.abc import Iterable

import numpy as np

from iotflow_server.telemetry.ports import EARLIEST, Span
from iotflow_server.telemetry.stores.sqlite.schema import transaction
from iotflow_server.telemetry.stores.sqlite.unmerged import ArrivalLog

_EVERY_DEVICE = "*"
_SET = "INSERT OR REPLACE INTO retention (scope, milliseconds) VALUES (?, ?)"
# The rule of the device sorts before the default: numbers come before text.
_RULE = "SELECT milliseconds FROM retention WHERE scope IN (?, '*') ORDER BY scope LIMIT 1"
_EXPIRED = """
SELECT id, :now - milliseconds FROM kept WHERE milliseconds IS NOT NULL
AND EXISTS (SELECT 1 FROM reading WHERE series = kept.id AND time < :now - milliseconds)
"""
_DROPPED = "SELECT id FROM series WHERE device_id < 0"
# The highest id is kept, so that it is not reused while a reader may still use it.
_REMOVE_DROPPED = """
DELETE FROM series WHERE device_id < 0 AND id < (SELECT max(id) FROM series)
AND NOT EXISTS (SELECT 1 FROM reading WHERE series = series.id)
AND id NOT IN (SELECT value FROM json_each(?))
"""
_CUT = "SELECT time FROM reading WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT 1 OFFSET ?"
_REMOVE = "DELETE FROM reading WHERE series = ? AND time >= ? AND time < ?"

# Readings removed in one transaction, for which a write may have to wait some tens of milliseconds.
_SLICE = 20_000

Removal = tuple[int, Span]


def set_rule(connection: sqlite3.Connection, device_id: int | None, milliseconds: int | None) -> None:
    """Set the retention of a device; device_id None: the default, milliseconds None: without limit."""
    connection.execute(_SET, (_EVERY_DEVICE if device_id is None else device_id, milliseconds))


def within_retention(connection: sqlite3.Connection, device_id: int, span: Span, now: int) -> Span:
    """The part of the span whose readings have not expired."""
    rule = connection.execute(_RULE, (device_id,)).fetchone()
    if rule is None or rule[0] is None:
        return span
    return Span(max(span.start, now - int(rule[0])), span.end)


def expired(connection: sqlite3.Connection, now: int) -> list[Removal]:
    """The spans of expired readings, and those of dropped series."""
    old = [(series, Span(EARLIEST, end)) for series, end in connection.execute(_EXPIRED, {"now": now})]
    return old + [(series, Span()) for (series,) in connection.execute(_DROPPED)]


def remove_dropped(connection: sqlite3.Connection, log: ArrivalLog) -> None:
    """Remove dropped series without readings."""
    with transaction(connection):
        waiting = np.unique(log.view(connection).series).tolist()
        connection.execute(_REMOVE_DROPPED, (json.dumps(waiting),))


def remove_slice(connection: sqlite3.Connection, removals: Iterable[Removal]) -> list[Removal]:
    """Remove a limited number of readings in one transaction; returns the remaining removals."""
    left = deque(removals)
    room = _SLICE
    with transaction(connection):
        while left and room > 0:
            series, span = left.popleft()
            end = _cut(connection, series, span, room)
            room -= 1 + connection.execute(_REMOVE, (series, span.start, end)).rowcount
            if end < span.end:
                left.appendleft((series, Span(end, span.end)))
    return list(left)


def _cut(connection: sqlite3.Connection, series: int, span: Span, rows: int) -> int:
    """The end of the part of the span that has at most this many rows."""
    row = connection.execute(_CUT, (series, span.start, span.end, rows)).fetchone()
    return span.end if row is None else int(row[0])
