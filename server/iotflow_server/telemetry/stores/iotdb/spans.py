"""Spans of time in statements.

IoTDB lists all weeks between the two times of a condition, and those of many thousand years do not fit its memory: a very
wide span must have an open end.
"""

import numpy as np

from iotflow_server.telemetry.batch import Times
from iotflow_server.telemetry.ports import EARLIEST, LATEST, Span
from iotflow_server.telemetry.stores.iotdb.schema import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession
from iotflow_server.telemetry.stores.iotdb.type_cache import types_of

_CENTURIES = 10 * 100 * 366 * 24 * 3_600_000


def within(span: Span) -> str:
    """The condition for times within the span, which must not be empty; open ends have none, see `opened`."""
    bounds = []
    if span.start > EARLIEST:
        bounds.append(f"time >= {span.start}")
    if span.end < LATEST:
        bounds.append(f"time < {span.end}")
    return f"WHERE {' AND '.join(bounds)}" if bounds else ""


def opened(session: IotdbSession, paths: Paths, device_id: int, span: Span) -> Span:
    """A span with the same readings: a very wide one gets open ends where the device has no readings beyond."""
    if not _is_very_wide(span):
        return span
    first, last = extremes(session, paths, device_id)
    return Span(EARLIEST if first >= span.start else span.start, LATEST if last < span.end else span.end)


def up_to(span: Span, last: int, *, newest_first: bool) -> Span:
    """The part of the span up to the time `last`, in reading order; the whole span if that part is too wide for a statement."""
    part = Span(last, span.end) if newest_first else Span(span.start, last + 1)
    return span if _is_very_wide(part) else part


def beyond(span: Span, last: int, *, newest_first: bool) -> Span:
    """The part of the span behind the time `last`, in reading order."""
    return Span(span.start, last) if newest_first else Span(last + 1, span.end)


def holding(times: Times) -> list[Span]:
    """Spans that cover the times, each narrow enough for a statement."""
    ascending = np.sort(times)
    parts = np.split(ascending, np.flatnonzero(np.diff(ascending // _CENTURIES)) + 1)
    return [Span(int(part[0]), int(part[-1]) + 1) for part in parts]


def extremes(session: IotdbSession, paths: Paths, device_id: int) -> tuple[int, int]:
    """The first and the last time of a device, including 1970."""
    times = [np.zeros(1, np.int64)]
    for group in paths.groups(types_of(session, paths, [device_id])[device_id]):
        figures = ", ".join(f"min_time({name}), max_time({name})" for name in map(quoted, group))
        answer = session.query(f"SELECT {figures} FROM {paths.device(device_id)}")
        times += [cells.values[cells.valid] for cells in answer.columns.values()]
    found = np.concatenate(times)
    return int(found.min()), int(found.max())


def _is_very_wide(span: Span) -> bool:
    return span.start > EARLIEST and span.end < LATEST and span.end - span.start >= _CENTURIES
