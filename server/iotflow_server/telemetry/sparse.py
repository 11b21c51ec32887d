"""Values that came row by row, as batches of columns whose memory follows the values.

A batch holds rows times columns. Rows with measurements of their own would make that the square of what was sent, so
they are divided into batches of neighbouring rows that are narrower.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Times, ValueType

# By measurement and type: the rows that have a value, rising, and the values.
Cells = dict[tuple[str, ValueType], tuple[list[int], list[Any]]]
Key = tuple[str, ValueType]

# A batch may hold so many cells, and more if it has a value for each eighth of them.
ROOM_CELLS, CELLS_A_VALUE = 8_192, 8


def is_dense(rows: int, columns: int, values: int, most_cells: int) -> bool:
    """Whether so many values may stand in one batch of rows times columns."""
    return rows * columns <= min(most_cells, ROOM_CELLS + CELLS_A_VALUE * values)


def batches(
    device_id: int, times: Times, cells: Cells, most_cells: int, *, atomic: bool = False
) -> Iterator[tuple[int, Batch]]:
    """Batches of all the values, in the order of the rows, each with its first row. A batch has at least one row, and beyond that
    no more than most_cells cells. Atomic: there is one batch, whatever its size."""
    values = sum(len(rows) for rows, _ in cells.values())
    if not values:
        return
    if atomic or is_dense(len(times), len(cells), values, most_cells):
        yield 0, Batch(device_id, times, tuple(_columns(cells, cells, 0, len(times))), atomic)
        return
    for first, end, keys in _stretches(cells, len(times), most_cells):
        yield first, Batch(device_id, times[first:end].copy(), tuple(_columns(cells, keys, first, end)))


def _stretches(cells: Cells, rows: int, most_cells: int) -> Iterator[tuple[int, int, Sequence[Key]]]:
    """First and end of neighbouring rows that go together, and the columns that have a value there."""
    by_row: list[list[Key]] = [[] for _ in range(rows)]
    for key, (places, _) in cells.items():
        for row in places:
            by_row[row].append(key)
    first, values, keys = 0, 0, dict[Key, None]()
    for row, own in enumerate(by_row):
        wide = len(keys) + sum(key not in keys for key in own)
        if keys and not is_dense(row + 1 - first, wide, values + len(own), most_cells):
            yield first, row, list(keys)
            first, values, keys = row, 0, {}
        values += len(own)
        keys.update(dict.fromkeys(own))
    if keys:
        yield first, rows, list(keys)


def _columns(cells: Cells, keys: "Sequence[Key] | Cells", first: int, end: int) -> Iterator[Column]:
    for key in keys:
        rows, values = cells[key]
        low, high = bisect_left(rows, first), bisect_left(rows, end)
        yield _column(key, rows[low:high], values[low:high], first, end - first)


def _column(key: Key, rows: list[int], values: list[Any], first: int, count: int) -> Column:
    name, type_ = key
    if len(rows) == count:
        return Column(name, type_, np.array(values, type_.dtype))
    dense = np.zeros(count, type_.dtype)
    valid = np.zeros(count, np.bool_)
    # Of a single value numpy's own way costs three times as much.
    places = rows[0] - first if len(rows) == 1 else np.array(rows, np.int64) - first
    dense[places] = values[0] if len(rows) == 1 else np.array(values, type_.dtype)
    valid[places] = True
    return Column(name, type_, dense, valid)
