"""Aggregation over windows, by IoTDB where possible, else from the readings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow.words import Aggregation, Fill
from iotflow_server.telemetry.batch import Column, Times, ValueType
from iotflow_server.telemetry.ports import Span, Windows
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult
from iotflow_server.telemetry.stores.iotdb.reading import ColumnQuery, page
from iotflow_server.telemetry.stores.iotdb.rows import DeviceQuery
from iotflow_server.telemetry.stores.iotdb.schema import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession
from iotflow_server.telemetry.stores.iotdb.spans import within
from iotflow_server.telemetry.windows import FunctionValues, aggregate_windows, assembled, function_type, supported

# The other functions are computed from the readings: percentiles of IoTDB are approximations, and its standard deviation loses
# digits far from zero (six were correct for values about 2^40).
_PUSHED = {
    Aggregation.COUNT: "count",
    Aggregation.SUM: "sum",
    Aggregation.AVG: "avg",
    Aggregation.MIN: "min_value",
    Aggregation.MAX: "max_value",
    Aggregation.FIRST: "first_value",
    Aggregation.LAST: "last_value",
}
# IoTDB returns empty windows too. If there are more windows than this and than readings, reading is cheaper.
_WINDOWS = 1000
# For a wider span, IoTDB would need too much memory to list the weeks in it.
_CENTURIES = 100 * 100 * 366 * 24 * 3_600_000
_PAGE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class AggregateRequest:
    """The requested aggregation of one measurement."""

    device_id: int
    measurement: str
    type: ValueType
    span: Span
    window: int
    functions: Sequence[Aggregation]


def aggregate(
    session: IotdbSession,
    paths: Paths,
    requests: Iterable[AggregateRequest],
    span: Span,
    window: int,
    fill: Fill | None,
) -> Windows:
    """Carry out aggregations. span: as requested, before it was limited by retention."""
    parts = [part for request in requests for part in _parts(session, paths, request)]
    return assembled(parts, span, window, fill)


def _parts(session: IotdbSession, paths: Paths, request: AggregateRequest) -> list[FunctionValues]:
    requested = supported(request.functions, request.type)
    readings, bounds = _extent(session, paths, request) if requested else (0, Span(0, 0))
    grid = (bounds.end - 1) // request.window - bounds.start // request.window + 1
    pushed = [one for one in requested if one in _PUSHED and _is_dense(grid, readings, bounds)]
    found = _pushed(session, paths, request, bounds, pushed) if pushed else {}
    found |= _gathered(session, paths, request, [one for one in requested if one not in found])
    return [found[function] for function in requested]


def _is_dense(windows: int, readings: int, bounds: Span) -> bool:
    return 0 < windows <= max(_WINDOWS, readings) and bounds.end - bounds.start < _CENTURIES


def _extent(session: IotdbSession, paths: Paths, request: AggregateRequest) -> tuple[int, Span]:
    """The number of readings, and the span from the first to the last of them."""
    if request.span.start >= request.span.end:
        return 0, Span(0, 0)
    name = quoted(request.measurement)
    answer = session.query(
        f"SELECT count({name}), min_time({name}), max_time({name}) FROM {paths.device(request.device_id)}"
        f" {within(request.span)}"
    )
    readings, first, last = (int(cells.values[0]) if len(cells.values) else 0 for cells in answer.columns.values())
    return readings, Span(first, last + 1) if readings else Span(0, 0)


def _pushed(
    session: IotdbSession, paths: Paths, request: AggregateRequest, bounds: Span, functions: Sequence[Aggregation]
) -> dict[Aggregation, FunctionValues]:
    """Aggregate in IoTDB, whose result has a row for each window of the bounds."""
    start, end = (
        bounds.start // request.window * request.window,
        ((bounds.end - 1) // request.window + 1) * request.window,
    )
    # The count is always included, to identify windows with a value.
    called = list(dict.fromkeys([Aggregation.COUNT, *functions]))
    figures = ", ".join(f"{_PUSHED[function]}({quoted(request.measurement)})" for function in called)
    answer = session.query(
        f"SELECT {figures} FROM {paths.device(request.device_id)}"
        f" {within(bounds)} GROUP BY ([{start}, {end}), {request.window}ms)"
    )
    return {one.function: one for one in _read(answer, request, called) if one.function in functions}


def _read(answer: QueryResult, request: AggregateRequest, called: Sequence[Aggregation]) -> Iterable[FunctionValues]:
    columns = list(answer.columns.values())
    counts = columns[0].values
    for function, cells in zip(called, columns, strict=True):
        present = cells.valid & (counts > 0)
        kind = function_type(function, request.type)
        values = cells.values[present].astype(kind.dtype, copy=False)
        yield FunctionValues(function, answer.times[present], Column(request.measurement, kind, values))


def _gathered(
    session: IotdbSession, paths: Paths, request: AggregateRequest, functions: Sequence[Aggregation]
) -> dict[Aggregation, FunctionValues]:
    """Aggregate the readings page by page; memory holds the results, a page, and the readings of one window."""
    pieces: dict[Aggregation, list[FunctionValues]] = {
        function: [_nothing(request, function)] for function in functions
    }
    waiting: list[tuple[Times, Column]] = []
    ahead: Span | None = request.span if functions else None
    device = DeviceQuery(request.device_id, request.measurement)
    query = ColumnQuery(device, [request.measurement], newest_first=False, rows=_PAGE_ROWS, chunk_rows=_PAGE_ROWS)
    while ahead is not None:
        read = page(session, paths, query, ahead)
        ahead = read.ahead
        if read.batch is not None:
            waiting.append((read.batch.times, read.batch.columns[0]))
        waiting = _finish(waiting, request, pieces, ahead is None)
    return {function: _joined(request, function, parts) for function, parts in pieces.items()}


def _finish(
    waiting: list[tuple[Times, Column]],
    request: AggregateRequest,
    pieces: dict[Aggregation, list[FunctionValues]],
    ended: bool,
) -> list[tuple[Times, Column]]:
    """Aggregate the complete windows; returns the readings of the last window, which may be incomplete."""
    if not waiting or (not ended and waiting[0][0][0] // request.window == waiting[-1][0][-1] // request.window):
        return waiting
    times = np.concatenate([times for times, _ in waiting])
    values = np.concatenate([column.values for _, column in waiting])
    starts = times // request.window * request.window
    cut = len(times) if ended else int(np.searchsorted(starts, starts[-1]))
    done = Column(request.measurement, request.type, values[:cut])
    present, firsts = np.unique(starts[:cut], return_index=True)
    for function, parts in pieces.items():
        parts.append(FunctionValues(function, present, aggregate_windows(function, done, firsts)))
    return [] if ended else [(times[cut:], Column(request.measurement, request.type, values[cut:]))]


def _nothing(request: AggregateRequest, function: Aggregation) -> FunctionValues:
    kind = function_type(function, request.type)
    return FunctionValues(function, np.empty(0, np.int64), Column(request.measurement, kind, np.empty(0, kind.dtype)))


def _joined(request: AggregateRequest, function: Aggregation, parts: Sequence[FunctionValues]) -> FunctionValues:
    starts = np.concatenate([part.starts for part in parts])
    values = np.concatenate([part.column.values for part in parts])
    valid = [np.ones(len(part.starts), np.bool_) if part.column.valid is None else part.column.valid for part in parts]
    present = np.concatenate(valid)
    return FunctionValues(
        function,
        starts[present],
        Column(request.measurement, function_type(function, request.type), values[present]),
    )
