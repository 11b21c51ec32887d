"""Queries for newest values and for the number of readings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np

from iotflow_server.telemetry.batch import Column, Values, ValueType
from iotflow_server.telemetry.ports import Latest, Span, in_requested_order
from iotflow_server.telemetry.stores.iotdb.rows import DeviceQuery, next_rows, same_rows
from iotflow_server.telemetry.stores.iotdb.schema import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession, StatementFailed
from iotflow_server.telemetry.stores.iotdb.spans import beyond, within
from iotflow_server.telemetry.stores.iotdb.type_cache import types_of

# Number of devices in one statement: IoTDB plans longer statements slower than several of this length.
_TOGETHER = 1000
# Largest number of measurements in a count: with a heap of 1 GB, IoTDB lacks memory for 350, and plans 2,500 for a minute.
_MOST_COUNTED = 300
# Code of a statement that does not fit the memory of IoTDB.
_TOO_LARGE = 719
_COUNTED_ROWS, _COUNTED_VALUES = 10_000, 1_000_000

Earliest = Callable[[int], int | None]


def latest(
    session: IotdbSession,
    paths: Paths,
    device_ids: Sequence[int],
    measurements: Sequence[str] | None,
    earliest: Earliest,
) -> dict[int, tuple[Latest, ...]]:
    """The newest value of each measurement of each device; see the port."""
    if measurements is not None and not measurements:
        return {}
    distinct = list(dict.fromkeys(device_ids))
    found: dict[int, dict[str, Latest]] = {}
    for first in range(0, len(distinct), _TOGETHER):
        for device_id, newest in _newest(session, paths, distinct[first : first + _TOGETHER], measurements):
            # If the newest value of a measurement has expired, all have.
            oldest_kept = earliest(device_id)
            if oldest_kept is None or newest.time >= oldest_kept:
                found.setdefault(device_id, {})[newest.column.measurement] = newest
    return {device_id: in_requested_order(by_name, measurements) for device_id, by_name in found.items()}


def count(session: IotdbSession, paths: Paths, device_id: int, span: Span) -> int:
    """Number of distinct times of the device within the span that have a value."""
    names = list(types_of(session, paths, [device_id])[device_id])
    if span.start >= span.end or not names:
        return 0
    if len(names) > _MOST_COUNTED:
        return _counted(session, paths, device_id, names, span)
    # Without the condition, IoTDB also counts times whose values were all deleted.
    has_value = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in names)
    clause = f"{within(span)} AND ({has_value})" if within(span) else f"WHERE {has_value}"
    try:
        answer = session.query(f"SELECT count_time(*) FROM {paths.device(device_id)} {clause}")
    except StatementFailed as failure:
        if failure.code != _TOO_LARGE:
            raise
        return _counted(session, paths, device_id, names, span)
    return sum(int(cells.values[0]) for cells in answer.columns.values() if len(cells.values))


def _counted(session: IotdbSession, paths: Paths, device_id: int, names: list[str], span: Span) -> int:
    """Count by reading the rows, for a device with more measurements than IoTDB can count."""
    limit = max(1, min(_COUNTED_ROWS, _COUNTED_VALUES // max(1, len(names))))
    total = 0
    while span.start < span.end:
        times = next_rows(session, paths, DeviceQuery(device_id, ""), names, span, limit, newest_first=False).times
        total += len(times)
        if len(times) < limit:
            break
        span = beyond(span, int(times[-1]), newest_first=False)
    return total


def _newest(
    session: IotdbSession, paths: Paths, device_ids: Sequence[int], measurements: Sequence[str] | None
) -> Iterator[tuple[int, Latest]]:
    requested = _requested(session, paths, device_ids, measurements)
    wide = {device_id: names for device_id, names in requested.items() if len(paths.groups(names)) > 1}
    for device_id, names in wide.items():
        yield from ((device_id, latest) for latest in newest_of_many(session, paths, device_id, names))
    narrow = {device_id: names for device_id, names in requested.items() if device_id not in wide}
    for statement in _statements(paths, narrow):
        answer = session.query(statement)
        series, texts, kinds = (answer.columns[name].values for name in ("Timeseries", "Value", "DataType"))
        for path, time, text, kind in zip(series, answer.times.tolist(), texts, kinds, strict=True):
            device_id, measurement = paths.split(path)
            value_type = ValueType(kind)
            yield device_id, Latest(time, Column(measurement, value_type, _value(text, value_type)))


def _requested(
    session: IotdbSession, paths: Paths, device_ids: Sequence[int], measurements: Sequence[str] | None
) -> Mapping[int, Sequence[str]]:
    if measurements is None:
        return {device_id: list(types) for device_id, types in types_of(session, paths, device_ids).items()}
    return {device_id: list(dict.fromkeys(measurements)) for device_id in device_ids}


def _statements(paths: Paths, requested: Mapping[int, Sequence[str]]) -> Iterator[str]:
    """Yield statements for one column of each device: for several columns IoTDB may return, and cache, an overwritten value;
    see order.py."""
    for together in zip_longest(*requested.values()):
        columns = [
            f"{paths.name(device_id)}.{quoted(name)}"
            for device_id, name in zip(requested, together, strict=True)
            if name is not None
        ]
        yield f"SELECT LAST {', '.join(columns)} FROM {paths.devices}"


def _value(text: str, value_type: ValueType) -> Values:
    """Parse a value as IoTDB writes it; shape (1,)."""
    if value_type is ValueType.TEXT:
        return np.array([text], object)
    if value_type is ValueType.BOOLEAN:
        return np.array([text == "true"])
    return np.array([int(text) if value_type in (ValueType.INT32, ValueType.INT64) else float(text)], value_type.dtype)


def newest_of_many(session: IotdbSession, paths: Paths, device_id: int, names: Sequence[str]) -> Iterator[Latest]:
    """The newest value of each measurement: queries the newest times, which are few, then the values at each of them, for which
    several columns are safe (see order.py)."""
    together: dict[int, list[str]] = {}
    for name, time in newest_times(session, paths, device_id, names).items():
        together.setdefault(time, []).append(name)
    for time, written in together.items():
        rows = same_rows(session, paths, DeviceQuery(device_id, known=""), written, np.array([time]))
        for name, cells in rows.columns.items():
            if cells.valid.any():
                yield Latest(time, Column(name, cells.type, cells.values))


def newest_times(session: IotdbSession, paths: Paths, device_id: int, names: Sequence[str]) -> dict[str, int]:
    """The time of the newest value of each measurement that has one."""
    found: dict[str, int] = {}
    for group in paths.groups(names):
        figures = ", ".join(f"max_time({quoted(name)})" for name in group)
        answer = session.query(f"SELECT {figures} FROM {paths.device(device_id)}")
        for figure, cells in answer.columns.items():
            if cells.valid.any():
                name = paths.split(figure.removeprefix("max_time(").removesuffix(")"))[1]
                found[name] = int(cells.values[0])
    return found
