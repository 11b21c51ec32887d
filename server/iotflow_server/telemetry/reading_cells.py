"""Decoded JSON readings as batches of columns; values that cannot be stored are rejected.

A batch takes rows times columns. Readings with distinct measurements would make that the square of the data sent, so they are
divided into narrower batches of adjacent rows.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from iotflow.readings import MOST_PROBLEMS, Decoded, InvalidReading, Reading, name_problem
from iotflow_server.telemetry import checks
from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, ValueType

# By measurement and type: the rows that have a value, ascending, and the values.
Cells = dict[tuple[str, ValueType], tuple[list[int], list[Any]]]
Key = tuple[str, ValueType]

# A batch may have this many cells, and eight more for each value.
FREE_CELLS, CELLS_PER_VALUE = 8_192, 8

TYPES: dict[type, ValueType] = {
    float: ValueType.DOUBLE,
    int: ValueType.INT64,
    bool: ValueType.BOOLEAN,
    str: ValueType.TEXT,
}
# Rejected values that a response names. Further ones are counted, as are readings that cannot be decoded.
MOST_NAMED = MOST_PROBLEMS


def cells_of(decoded: Decoded, limits: checks.Limits) -> tuple[Cells, list[Rejection], int]:
    """The cells, with the index of a reading as its row; the rejections; and the number of further rejected values."""
    builder = _CellBuilder(limits)
    builder.refuse(len(decoded.problems) + decoded.more_problems, map(_rejection, decoded.problems))
    for reading in decoded.readings:
        builder.add(reading)
    return builder.storable(), builder.rejections, builder.more


class _CellBuilder:
    """Values of readings by measurement and type. rejections: at most MOST_NAMED; more: the number of further ones."""

    def __init__(self, limits: checks.Limits) -> None:
        self.rejections: list[Rejection] = []
        self.more = 0
        self._limits = limits
        # A name has one cell for each type of its values.
        self._names: set[str] = set()
        self._cells: dict[tuple[str, type], tuple[list[int], list[Any]]] = {}

    def add(self, reading: Reading) -> None:
        row, cells = reading.index, self._cells
        for name, value in reading.values.items():
            cell = cells.get((name, type(value)))
            if cell is None:
                if self._refuses(name, row):
                    continue
                self._names.add(name)
                cell = cells[name, type(value)] = [], []
            cell[0].append(row)
            cell[1].append(value)

    def storable(self) -> Cells:
        """The values that can be stored, after the check of all texts."""
        for (name, kind), (rows, values) in self._cells.items():
            if kind is str:
                self._refuse_texts(name, rows, values)
        return {(name, TYPES[kind]): cell for (name, kind), cell in self._cells.items() if cell[0]}

    def refuse(self, count: int, rejections: Iterable[Rejection]) -> None:
        """Add `count` rejections, of which the first ones may be kept."""
        before = len(self.rejections)
        self.rejections += islice(rejections, MOST_NAMED - before)
        self.more += before + count - len(self.rejections)

    def _refuse_texts(self, name: str, rows: list[int], values: list[Any]) -> None:
        """Remove the texts that cannot be stored from rows and values."""
        problems = [checks.text_problem(value, self._limits) for value in values]
        if any(problems):
            refused = [(row, problem) for row, problem in zip(rows, problems, strict=True) if problem]
            self.refuse(len(refused), (Rejection(row, 1, name, "INVALID_TEXT", problem) for row, problem in refused))
            rows[:] = [row for row, problem in zip(rows, problems, strict=True) if not problem]
            values[:] = [value for value, problem in zip(values, problems, strict=True) if not problem]

    def _refuses(self, name: str, row: int) -> bool:
        # Names above the limit of a device are rejected without further checks.
        is_full = len(self._names) >= self._limits.names and name not in self._names
        problem = None if is_full else name_problem(name)
        if not is_full and problem is None:
            return False
        if len(self.rejections) >= MOST_NAMED:
            self.more += 1
        elif problem:
            self.rejections.append(Rejection(row, 1, name, "INVALID_NAME", problem))
        else:
            message = checks.too_many_names(name, self._limits.names)
            self.rejections.append(Rejection(row, 1, name, "TOO_MANY_NAMES", message))
        return True


def _rejection(problem: InvalidReading) -> Rejection:
    return Rejection(problem.index or 0, 1, problem.measurement, problem.reason, problem.message)


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
