"""Values that arrive row by row, as batches of columns whose size is proportional to the number of values.

A batch takes rows times columns. Rows with distinct measurements would make that the square of the data sent, so they
are divided into narrower batches of adjacent rows.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Times, ValueType

# By measurement and type: the rows that have a value, ascending, and the values.
Cells = dict[tuple[str, ValueType], tuple[list[int], list[Any]]]
Key = tuple[str, ValueType]

# A batch may have this many cells, and eight more for each value.
FREE_CELLS, CELLS_PER_VALUE = 8_192, 8


def is_dense(rows: int, columns: int, values: int, most_cells: int) -> bool:
    """Whether this many values may form one batch of rows times columns."""
    return rows * columns <= min(most_cells, FREE_CELLS + CELLS_PER_VALUE * values)


def batches(
    device_id: int, times: Times, cells: Cells, most_cells: int, *, atomic: bool = False
) -> Iterator[tuple[int, Batch]]:
    """Yield all values as batches in row order, each with its first row. A batch has at most most_cells cells, or one row. Atomic:
    there is one batch of any size."""
    values = sum(len(rows) for rows, _ in cells.values())
    if not values:
        return
    if atomic or is_dense(len(times), len(cells), values, most_cells):
        yield 0, Batch(device_id, times, tuple(_columns(cells, cells, 0, len(times))), atomic)
        return
    for first, end, keys in _stretches(cells, len(times), most_cells):
        yield first, Batch(device_id, times[first:end].copy(), tuple(_columns(cells, keys, first, end)))


def _stretches(cells: Cells, rows: int, most_cells: int) -> Iterator[tuple[int, int, Sequence[Key]]]:
    """Yield first and end of adjacent rows that form a batch, and the columns that have a value in them."""
    by_row: list[list[Key]] = [[] for _ in range(rows)]
    for key, (positions, _) in cells.items():
        for row in positions:
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
    # For a single value, numpy's indexing costs three times as much.
    positions = rows[0] - first if len(rows) == 1 else np.array(rows, np.int64) - first
    dense[positions] = values[0] if len(rows) == 1 else np.array(values, type_.dtype)
    valid[positions] = True
    return Column(name, type_, dense, valid)
