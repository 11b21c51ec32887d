"""Rows of one device, read by as many statements as IoTDB needs and joined by time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Mask, Times, ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult, ResultColumn
from iotflow_server.telemetry.stores.iotdb.order import RowOrder, is_in_order, order_query
from iotflow_server.telemetry.stores.iotdb.schema import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession
from iotflow_server.telemetry.stores.iotdb.spans import extremes, holding, up_to, within
from iotflow_server.telemetry.windows import blanks


@dataclass(frozen=True, slots=True)
class Rows:
    """times: shape (rows,), ascending, or descending if the newest come first. columns: by measurement; those that do not exist
    are absent. certain: whether the values are the ones written last; see order.py."""

    times: Times
    columns: dict[str, ResultColumn]
    certain: bool


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """The device to read. known: one of its measurements; empty: none is known, or the values are not used. order: known order
    of its rows; None: not tracked."""

    id: int
    known: str
    order: RowOrder | None = None


def next_rows(
    session: IotdbSession,
    paths: Paths,
    device: DeviceQuery,
    names: Sequence[str],
    span: Span,
    rows: int,
    *,
    newest_first: bool,
) -> Rows:
    """Read up to `rows` first rows of the span, or last ones."""
    order = f"ORDER BY TIME {'DESC' if newest_first else 'ASC'} LIMIT {rows}"
    found = []
    for group in paths.groups(names):
        found.append(_read(session, paths, device, group, span, order))
        if len(found[-1].times) == rows:
            # Rows of other columns beyond this one do not belong to the first rows.
            span = up_to(span, int(found[-1].times[-1]), newest_first=newest_first)
    return found[0] if len(found) == 1 else _joined(found, rows, newest_first=newest_first)


def same_rows(session: IotdbSession, paths: Paths, device: DeviceQuery, names: Sequence[str], times: Times) -> Rows:
    """Read columns of the rows at these times, which are sorted; all values are certain. Rows without a value are absent."""
    columns = _spread(_pieces(session, paths, device, names, times), times)
    full = np.logical_or.reduce([np.zeros(len(times), np.bool_), *(cells.valid for cells in columns.values())])
    if full.all():
        return Rows(times, columns, certain=True)
    return Rows(times[full], {name: _chosen(cells, full) for name, cells in columns.items()}, certain=True)


def _pieces(
    session: IotdbSession, paths: Paths, device: DeviceQuery, names: Sequence[str], times: Times
) -> Iterator[Rows]:
    for group in paths.groups(names):
        for part in holding(times):
            together = _read(session, paths, device, group, part)
            if together.certain:
                yield together
            else:
                yield from (_read(session, paths, device, [name], part) for name in group)


def _read(
    session: IotdbSession, paths: Paths, device: DeviceQuery, names: Sequence[str], span: Span, order: str = ""
) -> Rows:
    columns = ", ".join(map(quoted, names))
    statement = f"SELECT {columns} FROM {paths.device(device.id)} {within(span)} {order}"
    alone = len(names) == 1 or span.end - span.start == 1
    if device.known and not alone:
        answer, certain = _checked(session, paths, device, span, statement)
    else:
        answer, certain = session.query(statement), alone
    return Rows(answer.times, {paths.split(path)[1]: cells for path, cells in answer.columns.items()}, certain)


def _checked(
    session: IotdbSession, paths: Paths, device: DeviceQuery, span: Span, statement: str
) -> tuple[QueryResult, bool]:
    """The result, and whether it is certain."""
    order = device.order
    check = order.check(device.id, span) if order else None
    if order and check is None:
        return session.query(statement), True
    plan, answer = session.query_after(order_query(paths, device.id, device.known, span), statement)
    certain = is_in_order(plan)
    if order and check and certain:
        order.record_in_order(check, None if check.newest_known else extremes(session, paths, device.id)[1])
    return answer, certain


def _joined(found: Sequence[Rows], rows: int, *, newest_first: bool) -> Rows:
    times = np.unique(np.concatenate([np.empty(0, np.int64), *(one.times for one in found)]))
    times = times[::-1][:rows] if newest_first else times[:rows]
    return Rows(times, _spread(found, times), all(one.certain for one in found))


def _spread(found: Iterable[Rows], times: Times) -> dict[str, ResultColumn]:
    """Spread all columns over rows at these times, which are sorted; other rows are left out."""
    order = np.argsort(times)
    columns: dict[str, ResultColumn] = {}
    for one in found:
        near = np.searchsorted(times, one.times, sorter=order)
        positions = order[np.minimum(near, len(times) - 1)] if len(times) else near
        present = times[positions] == one.times
        for name, cells in one.columns.items():
            whole = columns.setdefault(name, _empty(cells.type, len(times)))
            whole.values[positions[present]] = cells.values[present]
            whole.valid[positions[present]] = cells.valid[present]
    return columns


def _empty(kind: ValueType, rows: int) -> ResultColumn:
    return ResultColumn(kind, blanks(kind, rows), np.zeros(rows, np.bool_))


def _chosen(cells: ResultColumn, rows: Mask) -> ResultColumn:
    return ResultColumn(cells.type, cells.values[rows], cells.valid[rows])
