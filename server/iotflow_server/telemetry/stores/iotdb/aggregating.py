"""Figures over windows: computed by IoTDB where it can, else from the readings as they are read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Column, Times, ValueType
from iotflow_server.telemetry.ports import Fill, Function, Span, WindowFigures, Windows
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult
from iotflow_server.telemetry.stores.iotdb.names import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.reading import ColumnQuery, page
from iotflow_server.telemetry.stores.iotdb.rows import Device
from iotflow_server.telemetry.stores.iotdb.session import Session
from iotflow_server.telemetry.stores.iotdb.spans import within
from iotflow_server.telemetry.stores.iotdb.window_functions import OF_ANY_TYPE, figure, figure_type
from iotflow_server.telemetry.windows import filled, spread, windows_of

# Of the others, IoTDB's percentiles are approximations, and its standard deviation loses digits far from zero (six were
# right of values about 2^40): these are taken from the readings.
_PUSHED = {
    Function.COUNT: "count",
    Function.SUM: "sum",
    Function.AVG: "avg",
    Function.MIN: "min_value",
    Function.MAX: "max_value",
    Function.FIRST: "first_value",
    Function.LAST: "last_value",
}
# IoTDB answers empty windows too. Where they would be more than this many and more than the readings, reading is cheaper.
_WINDOWS = 1000
# Further apart than that, IoTDB would need too much memory to list the weeks between.
_CENTURIES = 100 * 100 * 366 * 24 * 3_600_000
_PAGE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class AggregatePart:
    """One function of one measurement: the windows that have it, by their starts (shape (windows,), rising), and its
    values."""

    function: Function
    starts: Times
    column: Column


@dataclass(frozen=True, slots=True)
class AggregateRequest:
    """What is wanted of one measurement of a device."""

    device_id: int
    measurement: str
    type: ValueType
    span: Span
    window: int
    functions: Sequence[Function]


def aggregate(
    session: Session, paths: Paths, asked: Iterable[AggregateRequest], span: Span, window: int, fill: Fill | None
) -> Windows:
    """The figures asked for. span: as asked for, before retention cut it."""
    parts = [part for one in asked for part in _parts(session, paths, one)]
    starts = [part.starts for part in parts]
    grid = np.unique(np.concatenate([np.empty(0, np.int64), *starts])) if fill is None else windows_of(span, window)
    return Windows(grid, tuple(_figures(grid, part, fill) for part in parts))


def _parts(session: Session, paths: Paths, asked: AggregateRequest) -> list[AggregatePart]:
    had = [one for one in asked.functions if asked.type.is_number or one in OF_ANY_TYPE]
    readings, bounds = _extent(session, paths, asked) if had else (0, Span(0, 0))
    grid = (bounds.end - 1) // asked.window - bounds.start // asked.window + 1
    pushed = [one for one in had if one in _PUSHED and _is_dense(grid, readings, bounds)]
    found = _pushed(session, paths, asked, bounds, pushed) if pushed else {}
    found |= _gathered(session, paths, asked, [one for one in had if one not in found])
    return [found[function] for function in had]


def _is_dense(windows: int, readings: int, bounds: Span) -> bool:
    return 0 < windows <= max(_WINDOWS, readings) and bounds.end - bounds.start < _CENTURIES


def _extent(session: Session, paths: Paths, asked: AggregateRequest) -> tuple[int, Span]:
    """How many readings there are, and the span from the first to the last of them."""
    if asked.span.start >= asked.span.end:
        return 0, Span(0, 0)
    name = quoted(asked.measurement)
    answer = session.query(
        f"SELECT count({name}), min_time({name}), max_time({name}) FROM {paths.device(asked.device_id)}"
        f" {within(asked.span)}"
    )
    readings, first, last = (int(cells.values[0]) if len(cells.values) else 0 for cells in answer.columns.values())
    return readings, Span(first, last + 1) if readings else Span(0, 0)


def _pushed(
    session: Session, paths: Paths, asked: AggregateRequest, bounds: Span, functions: Sequence[Function]
) -> dict[Function, AggregatePart]:
    """By IoTDB, whose answer has a row for each window of the bounds."""
    start, end = bounds.start // asked.window * asked.window, ((bounds.end - 1) // asked.window + 1) * asked.window
    # The count comes along always, to tell the windows that have a figure.
    called = list(dict.fromkeys([Function.COUNT, *functions]))
    figures = ", ".join(f"{_PUSHED[function]}({quoted(asked.measurement)})" for function in called)
    answer = session.query(
        f"SELECT {figures} FROM {paths.device(asked.device_id)}"
        f" {within(bounds)} GROUP BY ([{start}, {end}), {asked.window}ms)"
    )
    return {one.function: one for one in _read(answer, asked, called) if one.function in functions}


def _read(answer: QueryResult, asked: AggregateRequest, called: Sequence[Function]) -> Iterable[AggregatePart]:
    columns = list(answer.columns.values())
    counts = columns[0].values
    for function, cells in zip(called, columns, strict=True):
        had = cells.valid & (counts > 0)
        kind = figure_type(function, asked.type)
        values = cells.values[had].astype(kind.dtype, copy=False)
        yield AggregatePart(function, answer.times[had], Column(asked.measurement, kind, values))


def _gathered(
    session: Session, paths: Paths, asked: AggregateRequest, functions: Sequence[Function]
) -> dict[Function, AggregatePart]:
    """From the readings, page by page: in memory are the figures, a page, and the readings of one window."""
    pieces: dict[Function, list[AggregatePart]] = {function: [_nothing(asked, function)] for function in functions}
    waiting: list[tuple[Times, Column]] = []
    ahead: Span | None = asked.span if functions else None
    device = Device(asked.device_id, asked.measurement)
    query = ColumnQuery(device, [asked.measurement], newest_first=False, rows=_PAGE_ROWS, chunk_rows=_PAGE_ROWS)
    while ahead is not None:
        read = page(session, paths, query, ahead)
        ahead = read.ahead
        if read.batch is not None:
            waiting.append((read.batch.times, read.batch.columns[0]))
        waiting = _finish(waiting, asked, pieces, ahead is None)
    return {function: _joined(asked, function, parts) for function, parts in pieces.items()}


def _finish(
    waiting: list[tuple[Times, Column]],
    asked: AggregateRequest,
    pieces: dict[Function, list[AggregatePart]],
    ended: bool,
) -> list[tuple[Times, Column]]:
    """Add the figures of the windows that are complete; answers the readings of the one that may not be."""
    if not waiting or (not ended and waiting[0][0][0] // asked.window == waiting[-1][0][-1] // asked.window):
        return waiting
    times = np.concatenate([times for times, _ in waiting])
    values = np.concatenate([column.values for _, column in waiting])
    starts = times // asked.window * asked.window
    cut = len(times) if ended else int(np.searchsorted(starts, starts[-1]))
    done = Column(asked.measurement, asked.type, values[:cut])
    had, firsts = np.unique(starts[:cut], return_index=True)
    for function, parts in pieces.items():
        parts.append(AggregatePart(function, had, figure(function, done, firsts)))
    return [] if ended else [(times[cut:], Column(asked.measurement, asked.type, values[cut:]))]


def _nothing(asked: AggregateRequest, function: Function) -> AggregatePart:
    kind = figure_type(function, asked.type)
    return AggregatePart(function, np.empty(0, np.int64), Column(asked.measurement, kind, np.empty(0, kind.dtype)))


def _joined(asked: AggregateRequest, function: Function, parts: Sequence[AggregatePart]) -> AggregatePart:
    starts = np.concatenate([part.starts for part in parts])
    values = np.concatenate([part.column.values for part in parts])
    valid = [np.ones(len(part.starts), np.bool_) if part.column.valid is None else part.column.valid for part in parts]
    had = np.concatenate(valid)
    return AggregatePart(
        function, starts[had], Column(asked.measurement, figure_type(function, asked.type), values[had])
    )


def _figures(grid: Times, part: AggregatePart, fill: Fill | None) -> WindowFigures:
    column = spread(grid, part.starts, part.column)
    if part.function is Function.COUNT:
        column = Column(column.measurement, column.type, column.values)
    elif fill is not None:
        column = filled(column, fill)
    return WindowFigures(part.function, column)
