"""The newest value of each measurement in written batches, and the update of cached values with it."""

from collections.abc import Iterable, Mapping

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask, Times, ValueType
from iotflow_server.telemetry.ports import Latest

Newest = dict[str, Latest]


def newest_of(batches: Iterable[Batch]) -> dict[int, Newest | None]:
    """By device, of batches in the order of storing; None if only the store knows, because values have different types."""
    found: dict[int, Newest | None] = {}
    for batch in batches:
        update = _newest(batch)
        if batch.device_id in found:
            before = found[batch.device_id]
            update = None if before is None or update is None else _behind(before, update)
        found[batch.device_id] = update
    return found


def merged(known: Mapping[str, Latest], update: Newest) -> Newest | None:
    """The cached values after an update; None if only the store knows them."""
    result = dict(known)
    for name, new in update.items():
        old = known.get(name)
        if old is None or old.column.type is not new.column.type or _contradict(old, new):
            return None
        if new.time > old.time:
            result[name] = new
    return result


def _contradict(one: Latest, other: Latest) -> bool:
    # Compares bytes, because -0.0 and 0.0 are different values.
    return one.time == other.time and _plain(one.column) != _plain(other.column)


def _plain(column: Column) -> object:
    return column.values[0] if column.type is ValueType.TEXT else column.values.tobytes()


def _newest(batch: Batch) -> Newest | None:
    newest: Newest = {}
    row = _last_of_newest(batch.times)
    for column in batch.columns:
        if column.measurement in newest:
            return None
        index = row if column.valid is None else _last_valid(batch.times, column.valid)
        if index is not None:
            newest[column.measurement] = Latest(int(batch.times[index]), _cell(column, index))
    return newest


def _last_valid(times: Times, valid: Mask) -> int | None:
    rows = np.flatnonzero(valid)
    return int(rows[_last_of_newest(times[rows])]) if len(rows) else None


def _cell(column: Column, index: int) -> Column:
    if len(column.values) == 1:
        return column
    return Column(column.measurement, column.type, column.values[index : index + 1])


def _last_of_newest(times: Times) -> int:
    """The last of the rows with the newest time."""
    return len(times) - 1 - int(np.argmax(times[::-1])) if len(times) > 1 else 0


def _behind(before: Newest, after: Newest) -> Newest | None:
    result = dict(before)
    for name, new in after.items():
        old = before.get(name)
        if old is not None and old.column.type is not new.column.type:
            return None
        if old is None or new.time >= old.time:
            result[name] = new
    return result
