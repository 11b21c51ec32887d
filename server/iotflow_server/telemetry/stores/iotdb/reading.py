"""Reading one device, a page of columns at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotflow_server.telemetry.batch import Batch, Column
from iotflow_server.telemetry.store import Span
from iotflow_server.telemetry.stores.iotdb.blocks import Cells
from iotflow_server.telemetry.stores.iotdb.names import TOGETHER, Paths, groups
from iotflow_server.telemetry.stores.iotdb.overlaps import in_order
from iotflow_server.telemetry.stores.iotdb.rows import Rows, next_rows, same_rows
from iotflow_server.telemetry.stores.iotdb.session import Session
from iotflow_server.telemetry.stores.iotdb.spans import beyond, holding

# A page of a device with very many measurements has fewer rows than asked for, so that memory stays bounded.
_PAGE_VALUES = 1_000_000
_PAGE_BYTES = 8 * 2**20
# Of texts nobody knows how long they are before the first page.
TEXT_ROWS = 100


@dataclass(frozen=True, slots=True)
class Page:
    """batch: None where there is nothing in this part. ahead: what is left to read; None: nothing."""

    batch: Batch | None
    ahead: Span | None


@dataclass(frozen=True, slots=True)
class Query:
    """measurements: in the order wanted, each once; they need not exist. known: one of them that does, if any is known
    to; else empty. rows: of a page, at the most."""

    device_id: int
    measurements: Sequence[str]
    known: str
    newest_first: bool
    rows: int


def page(session: Session, paths: Paths, query: Query, span: Span) -> Page:
    """The next rows of the span, by statements of its own each time, so that a reader that pauses holds no session."""
    if not query.measurements or span.start >= span.end:
        return Page(None, None)
    limit = max(1, min(query.rows, _PAGE_VALUES // len(query.measurements)))
    certain = len(query.measurements) == 1 or _in_order(session, paths, query, span)
    found = next_rows(session, paths, query.device_id, query.measurements, span, limit, newest_first=query.newest_first)
    if len(query.measurements) > TOGETHER:
        # Many statements take their time.
        certain = certain and _in_order(session, paths, query, span)
    if not len(found.times):
        return Page(None, None)
    ahead = None if len(found.times) < limit else beyond(span, int(found.times[-1]), newest_first=query.newest_first)
    return Page(_batch(query, found if certain else _read_again(session, paths, query, found)), ahead)


def fitting(batch: Batch, rows: int) -> int:
    """How many rows the next page may have, where rows are like those of this one: texts may be long."""
    return max(1, min(rows, _PAGE_BYTES * len(batch.times) // max(1, batch.size)))


def column(measurement: str, cells: Cells) -> Column:
    """An answer's column as one of readings."""
    return Column(measurement, cells.type, cells.values, None if cells.valid.all() else cells.valid)


def _in_order(session: Session, paths: Paths, query: Query, span: Span) -> bool:
    return query.known != "" and in_order(session, paths, query.device_id, query.known, span)


def _read_again(session: Session, paths: Paths, query: Query, found: Rows) -> Rows:
    """The same rows with values that are certain: most pages hold nothing that was written out of order, though the span
    ahead does."""
    names = [name for name, cells in found.columns.items() if cells.valid.any()]
    return same_rows(session, paths, query.device_id, _asked(session, paths, query, names, found), found.times)


def _asked(session: Session, paths: Paths, query: Query, names: Sequence[str], found: Rows) -> Iterator[list[str]]:
    """Which columns may be asked for together, said right before they are."""
    for group in groups(names):
        if all(_in_order(session, paths, query, part) for part in holding(found.times)):
            yield group
        else:
            yield from ([name] for name in group)


def _batch(query: Query, rows: Rows) -> Batch | None:
    present = [
        column(name, rows.columns[name])
        for name in query.measurements
        if name in rows.columns and rows.columns[name].valid.any()
    ]
    return Batch(query.device_id, rows.times, tuple(present)) if present else None
