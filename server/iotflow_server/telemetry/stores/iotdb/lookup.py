"""The newest values, and how many readings there are."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from iotflow_server.telemetry.batch import Column, Values, ValueType
from iotflow_server.telemetry.store import Latest, Span
from iotflow_server.telemetry.stores.iotdb.names import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.reading import within
from iotflow_server.telemetry.stores.iotdb.session import Session

# Devices asked for by one statement: IoTDB plans longer ones slower than several of these.
_TOGETHER = 1000

Earliest = Callable[[int], int | None]


def latest(
    session: Session, paths: Paths, device_ids: Sequence[int], measurements: Sequence[str] | None, earliest: Earliest
) -> dict[int, tuple[Latest, ...]]:
    """The newest value of each measurement of each device; see the port."""
    if measurements is not None and not measurements:
        return {}
    distinct = list(dict.fromkeys(device_ids))
    found: dict[int, dict[str, Latest]] = {}
    for first in range(0, len(distinct), _TOGETHER):
        for device_id, newest in _newest(session, paths, distinct[first : first + _TOGETHER], measurements):
            # If the newest value of a measurement is past its time, all are.
            oldest_kept = earliest(device_id)
            if oldest_kept is None or newest.time >= oldest_kept:
                found.setdefault(device_id, {})[newest.column.measurement] = newest
    return {device_id: _ordered(by_name, measurements) for device_id, by_name in found.items()}


def count(session: Session, paths: Paths, device_id: int, span: Span) -> int:
    """How many distinct times of the device within the span have a value."""
    if span.start >= span.end:
        return 0
    answer = session.query(f"SELECT count_time(*) FROM {paths.device(device_id)} {within(span)}")
    return sum(int(cells.values[0]) for cells in answer.columns.values() if len(cells.values))


def _newest(
    session: Session, paths: Paths, device_ids: Sequence[int], measurements: Sequence[str] | None
) -> Iterator[tuple[int, Latest]]:
    names = "*" if measurements is None else ", ".join(quoted(name) for name in dict.fromkeys(measurements))
    devices = ", ".join(paths.device(device_id) for device_id in device_ids)
    answer = session.query(f"SELECT LAST {names} FROM {devices}")
    series, texts, kinds = (answer.columns[name].values for name in ("Timeseries", "Value", "DataType"))
    for path, time, text, kind in zip(series, answer.times.tolist(), texts, kinds, strict=True):
        device_id, measurement = paths.split(path)
        value_type = ValueType(kind)
        yield device_id, Latest(time, Column(measurement, value_type, _value(text, value_type)))


def _value(text: str, value_type: ValueType) -> Values:
    """The value that IoTDB writes so; shape (1,)."""
    if value_type is ValueType.TEXT:
        return np.array([text], object)
    if value_type is ValueType.BOOLEAN:
        return np.array([text == "true"])
    return np.array([int(text) if value_type in (ValueType.INT32, ValueType.INT64) else float(text)], value_type.dtype)


def _ordered(by_name: dict[str, Latest], measurements: Sequence[str] | None) -> tuple[Latest, ...]:
    names = sorted(by_name) if measurements is None else dict.fromkeys(measurements)
    return tuple(by_name[name] for name in names if name in by_name)
