"""Converts decoded readings to cells of columns, and rejects values that cannot be stored."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from iotflow.readings import MOST_PROBLEMS, Decoded, InvalidReading, Reading, name_problem
from iotflow_server.telemetry import checks
from iotflow_server.telemetry.batch import Rejection, ValueType
from iotflow_server.telemetry.sparse import Cells

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
