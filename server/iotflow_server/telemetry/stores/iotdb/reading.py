"""Reading one device, a page of columns at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column
from iotflow_server.telemetry.store import EARLIEST, LATEST, Span
from iotflow_server.telemetry.stores.iotdb.blocks import Answer, Cells
from iotflow_server.telemetry.stores.iotdb.names import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import Session

# A page of a device with very many measurements has fewer rows than asked for, so that memory stays bounded.
_PAGE_VALUES = 1_000_000
_PAGE_BYTES = 8 * 2**20
# Of texts nobody knows how long they are before the first page.
TEXT_ROWS = 100
_CENTURIES = 10 * 100 * 366 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Page:
    """batch: None where nothing was left. ahead: what is left to read; None: nothing."""

    batch: Batch | None
    ahead: Span | None


@dataclass(frozen=True, slots=True)
class Query:
    """measurements: in the order wanted, each once; None: all, by name. width: about how many there are. rows: of a page,
    at the most."""

    device_id: int
    measurements: Sequence[str] | None
    width: int
    newest_first: bool
    rows: int


def page(session: Session, paths: Paths, query: Query, span: Span) -> Page:
    """The next rows of the span: a statement of its own each time, so a reader that pauses holds no session."""
    if not query.width or span.start >= span.end:
        return Page(None, None)
    rows = max(1, min(query.rows, _PAGE_VALUES // query.width))
    names = "*" if query.measurements is None else ", ".join(map(quoted, query.measurements))
    order = "DESC" if query.newest_first else "ASC"
    answer = session.query(
        f"SELECT {names} FROM {paths.device(query.device_id)} {within(span)} ORDER BY TIME {order} LIMIT {rows}"
    )
    if not len(answer.times):
        return Page(None, None)
    return Page(_batch(paths, query, answer), _ahead(query, answer, span) if len(answer.times) == rows else None)


def fitting(batch: Batch, rows: int) -> int:
    """How many rows the next page may have, where rows are like those of this one: texts may be long."""
    return max(1, min(rows, _PAGE_BYTES * len(batch.times) // max(1, batch.size)))


def opened(session: Session, paths: Paths, device_id: int, span: Span) -> Span:
    """A span of the same readings: a very wide one has open ends where the device has nothing beyond.

    IoTDB lists all weeks between two times it is given, and many thousand years of them do not fit its memory.
    """
    if span.start <= EARLIEST or span.end >= LATEST or span.end - span.start < _CENTURIES:
        return span
    answer = session.query(f"SELECT min_time(*), max_time(*) FROM {paths.device(device_id)}")
    times = np.concatenate([np.zeros(1, np.int64), *(cells.values[cells.valid] for cells in answer.columns.values())])
    start = EARLIEST if times.min() >= span.start else span.start
    return Span(start, LATEST if times.max() < span.end else span.end)


def within(span: Span) -> str:
    """The clause for times within the span, which is not empty; open ends are not written down, see `opened`."""
    bounds = []
    if span.start > EARLIEST:
        bounds.append(f"time >= {span.start}")
    if span.end < LATEST:
        bounds.append(f"time < {span.end}")
    return f"WHERE {' AND '.join(bounds)}" if bounds else ""


def column(measurement: str, cells: Cells) -> Column:
    """An answer's column as one of readings."""
    return Column(measurement, cells.type, cells.values, None if cells.valid.all() else cells.valid)


def _batch(paths: Paths, query: Query, answer: Answer) -> Batch:
    columns = {paths.split(path)[1]: cells for path, cells in answer.columns.items()}
    names = sorted(columns) if query.measurements is None else query.measurements
    present = [column(name, columns[name]) for name in names if name in columns and columns[name].valid.any()]
    return Batch(query.device_id, answer.times, tuple(present))


def _ahead(query: Query, answer: Answer, span: Span) -> Span:
    last = int(answer.times[-1])
    return Span(span.start, last) if query.newest_first else Span(last + 1, span.end)
