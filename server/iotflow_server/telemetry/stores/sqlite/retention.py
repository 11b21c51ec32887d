"""How long readings are kept, and the removal of those that are not wanted any more."""

import sqlite3
from collections import deque
from collections.abc import Iterable

from iotflow_server.telemetry.ports import EARLIEST, Span
from iotflow_server.telemetry.stores.sqlite.schema import transaction

_EVERY_DEVICE = "*"
_SET = "INSERT OR REPLACE INTO retention (scope, milliseconds) VALUES (?, ?)"
# The device's own rule sorts before the one for all: numbers come before text.
_RULE = "SELECT milliseconds FROM retention WHERE scope IN (?, '*') ORDER BY scope LIMIT 1"
_EXPIRED = """
SELECT id, :now - milliseconds FROM kept WHERE milliseconds IS NOT NULL
AND EXISTS (SELECT 1 FROM reading WHERE series = kept.id AND time < :now - milliseconds)
"""
_DROPPED = "SELECT id FROM series WHERE device_id < 0"
# The last number stays taken: whoever still reads under it must not meet another series.
_REMOVE_DROPPED = """
DELETE FROM series WHERE device_id < 0 AND id < (SELECT max(id) FROM series)
AND NOT EXISTS (SELECT 1 FROM reading WHERE series = series.id)
"""
_CUT = "SELECT time FROM reading WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT 1 OFFSET ?"
_REMOVE = "DELETE FROM reading WHERE series = ? AND time >= ? AND time < ?"

# Readings removed in one transaction: some tens of milliseconds, as long as a write may have to wait for it.
_SLICE = 20_000

Removal = tuple[int, Span]


def set_rule(connection: sqlite3.Connection, device_id: int | None, milliseconds: int | None) -> None:
    """Keep a device's readings (None: those of devices without a rule) for so long (None: for ever)."""
    connection.execute(_SET, (_EVERY_DEVICE if device_id is None else device_id, milliseconds))


def within_retention(connection: sqlite3.Connection, device_id: int, span: Span, now: int) -> Span:
    """The part of the span whose readings are still kept."""
    rule = connection.execute(_RULE, (device_id,)).fetchone()
    if rule is None or rule[0] is None:
        return span
    return Span(max(span.start, now - int(rule[0])), span.end)


def expired(connection: sqlite3.Connection, now: int) -> list[Removal]:
    """What is past its time, and all of what was dropped, by series."""
    old = [(series, Span(EARLIEST, end)) for series, end in connection.execute(_EXPIRED, {"now": now})]
    return old + [(series, Span()) for (series,) in connection.execute(_DROPPED)]


def remove_dropped(connection: sqlite3.Connection) -> None:
    """Forget the series that were dropped and have no readings any more."""
    connection.execute(_REMOVE_DROPPED)


def remove_slice(connection: sqlite3.Connection, removals: Iterable[Removal]) -> list[Removal]:
    """Remove a limited number of readings in one transaction; answers what is left to remove."""
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
    """Where the span has to end to hold so many rows at most."""
    row = connection.execute(_CUT, (series, span.start, span.end, rows)).fetchone()
    return span.end if row is None else int(row[0])
