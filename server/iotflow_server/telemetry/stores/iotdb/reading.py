"""Reading of one device in pages of columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.blocks import ResultColumn
from iotflow_server.telemetry.stores.iotdb.order import RowOrder
from iotflow_server.telemetry.stores.iotdb.rows import DeviceQuery, Rows, next_rows, same_rows
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession
from iotflow_server.telemetry.stores.iotdb.spans import beyond
from iotflow_server.telemetry.stores.iotdb.type_cache import Types

# Limits the rows of a page for devices with very many measurements, so that memory stays bounded.
_PAGE_VALUES = 1_000_000
_PAGE_BYTES = 8 * 2**20
_TEXT_ROWS = 100


@dataclass(frozen=True, slots=True)
class ColumnPage:
    """batch: None if this part has no readings. ahead: the span left to read; None: nothing."""

    batch: Batch | None
    ahead: Span | None


@dataclass(frozen=True, slots=True)
class ColumnQuery:
    """measurements: distinct, in the requested order; they need not exist. rows: limit of the next page. chunk_rows: limit of a
    page without texts, whose length is unknown before the first page."""

    device: DeviceQuery
    measurements: Sequence[str]
    newest_first: bool
    rows: int
    chunk_rows: int

    def after(self, batch: Batch) -> "ColumnQuery":
        """The query for the rows behind the batch, which are assumed to be of similar size."""
        fitting = max(1, min(self.chunk_rows, _PAGE_BYTES * len(batch.times) // batch.size))
        return replace(self, rows=fitting)


def query_for(
    device_id: int,
    types: Types,
    measurements: Sequence[str] | None,
    order: RowOrder | None,
    *,
    newest_first: bool,
    chunk_rows: int,
) -> ColumnQuery:
    """measurements: None for all that have a type; requested ones without a type may have been added just now."""
    names = list(types if measurements is None else dict.fromkeys(measurements))
    known = next((name for name in names if name in types), "")
    has_texts = any(types.get(name, ValueType.TEXT) is ValueType.TEXT for name in names)
    rows = min(chunk_rows, _TEXT_ROWS) if has_texts else chunk_rows
    return ColumnQuery(DeviceQuery(device_id, known, order), names, newest_first, rows, chunk_rows)


def page(session: IotdbSession, paths: Paths, query: ColumnQuery, span: Span) -> ColumnPage:
    """Read the next rows of the span; each page uses new statements, so that a reader that pauses holds no session."""
    if not query.measurements or span.start >= span.end:
        return ColumnPage(None, None)
    limit = max(1, min(query.rows, _PAGE_VALUES // len(query.measurements)))
    found = next_rows(session, paths, query.device, query.measurements, span, limit, newest_first=query.newest_first)
    ahead = None if len(found.times) < limit else beyond(span, int(found.times[-1]), newest_first=query.newest_first)
    if not found.certain:
        # Most pages have no rows that were written out of order, even if the rest of the span has.
        present = [name for name, cells in found.columns.items() if cells.valid.any()]
        found = same_rows(session, paths, query.device, present, found.times)
    return ColumnPage(_batch(query, found), ahead)


def column(measurement: str, cells: ResultColumn) -> Column:
    """A result column as a column of readings."""
    return Column(measurement, cells.type, cells.values, None if cells.valid.all() else cells.valid)


def _batch(query: ColumnQuery, rows: Rows) -> Batch | None:
    present = [
        column(name, rows.columns[name])
        for name in query.measurements
        if name in rows.columns and rows.columns[name].valid.any()
    ]
    return Batch(query.device.id, rows.times, tuple(present)) if present else None
