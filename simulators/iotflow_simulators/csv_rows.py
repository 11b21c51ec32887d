"""Rows of a CSV file as columns, a chunk at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.csv_layout import measurement_names, time_column
from iotflow_simulators.csv_lines import lines, wrong
from iotflow_simulators.csv_times import parse_time
from iotflow_simulators.errors import SimulationFailed


@dataclass(frozen=True, slots=True)
class Measurement:
    """A column of the file. is_number: every cell that is not empty is a number."""

    name: str
    index: int
    is_number: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that was read through once. in_order: every time is later than the one above it."""

    path: Path
    rows: int
    time_index: int
    measurements: tuple[Measurement, ...]
    in_order: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a recording.

    times: shape (rows,), int64 milliseconds since 1970 UTC. columns: measurement to shape (rows,): float64 with NaN
    where the cell is empty, or object (str) with None there.
    """

    times: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def part(self, rows: "slice | NDArray[np.bool_]") -> "Chunk":
        """These rows alone."""
        return Chunk(self.times[rows], {name: values[rows] for name, values in self.columns.items()})

    def filled(self) -> "Chunk":
        """The rows that have any value."""
        filled = np.zeros(len(self.times), np.bool_)
        for values in self.columns.values():
            filled |= ~np.isnan(values) if values.dtype.kind == "f" else values != np.array(None)
        return self if filled.all() else self.part(filled)


def inspect(path: Path) -> Recording:
    """Read the file through once, in constant memory: what it holds, and whether all of it can be read.

    Raises SimulationFailed, naming file and line.
    """
    rest = lines(path)
    _, header = next(rest, (0, []))
    if len(header) < 2:
        raise SimulationFailed(f"{path}: a header with a column of times and at least one of values is needed.")
    time_index = time_column(header)
    texts: set[int] = set()
    rows, in_order, last = 0, True, None
    for number, cells in rest:
        time = _time(path, number, cells[time_index])
        texts.update(index for index, cell in enumerate(cells) if index not in texts and _is_text(cell))
        in_order = in_order and (last is None or time > last)
        rows, last = rows + 1, time
    if not rows:
        raise SimulationFailed(f"{path}: there is no row below the header.")
    return Recording(path, rows, time_index, _measurements(header, time_index, texts), in_order)


def chunks(recording: Recording, rows: int) -> Iterator[Chunk]:
    """The file's rows in their order, at most `rows` at a time. Raises SimulationFailed, naming file and line."""
    rest = lines(recording.path)
    next(rest)
    gathered: list[list[str]] = []
    times: list[int] = []
    for number, cells in rest:
        times.append(_time(recording.path, number, cells[recording.time_index]))
        gathered.append(cells)
        if len(gathered) == rows:
            yield _chunk(recording, times, gathered)
            gathered, times = [], []
    if gathered:
        yield _chunk(recording, times, gathered)


def _measurements(header: Sequence[str], time_index: int, texts: set[int]) -> tuple[Measurement, ...]:
    indices = [index for index in range(len(header)) if index != time_index]
    names = measurement_names([header[index] for index in indices])
    return tuple(Measurement(name, index, index not in texts) for name, index in zip(names, indices, strict=True))


def _chunk(recording: Recording, times: list[int], rows: list[list[str]]) -> Chunk:
    columns = {item.name: _values(item, [cells[item.index] for cells in rows]) for item in recording.measurements}
    return Chunk(np.array(times, np.int64), columns)


def _values(measurement: Measurement, cells: list[str]) -> NDArray[Any]:
    if measurement.is_number:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells])
    return np.array([cell if cell.strip() else None for cell in cells], object)


def _is_text(cell: str) -> bool:
    # To Python, and to nobody else, 1_000 is a number.
    if "_" in cell:
        return True
    try:
        float(cell)
    except ValueError:
        return bool(cell.strip())
    return False


def _time(path: Path, number: int, cell: str) -> int:
    try:
        return parse_time(cell.strip())
    except ValueError:
        raise wrong(
            path,
            number,
            f"{cell!r} is not a time; write 2013-07-04T00:00:00Z, 2013-07-04 00:00:00 (which is UTC), or seconds or "
            "milliseconds since 1970",
        ) from None
