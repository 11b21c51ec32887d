"""Rows of a CSV file as columns, a chunk at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.csv_cells import Column, Kind, values
from iotflow_simulators.csv_choices import RECOGNISE, Choices
from iotflow_simulators.csv_layout import Layout, layout, name_trouble
from iotflow_simulators.csv_lines import LOOKED_AT, Source, lines, source, wrong
from iotflow_simulators.csv_times import InvalidCell, TimeReader
from iotflow_simulators.errors import SimulationFailed


@dataclass(frozen=True, slots=True)
class Measurement:
    """A column of the file. missing: how many of its cells stand for no value though they are not empty."""

    name: str
    index: int
    kind: Kind
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that was read through once. in_order: every time is later than the one above it. times: the first and the last, in
    ms. told_apart: rows of the hour that comes twice when clocks are set back. empty: names of columns without a value."""

    source: Source
    choices: Choices
    layout: Layout
    measurements: tuple[Measurement, ...]
    rows: int
    times: tuple[int, int]
    in_order: bool
    told_apart: int
    empty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a recording.

    times: shape (rows,), int64 milliseconds since 1970 UTC. columns: measurement to shape (rows,): float64 with NaN
    where there is no value, or objects (str, bool, int) with None there.
    """

    times: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def part(self, rows: "slice | NDArray[np.bool_]") -> "Chunk":
        """These rows alone."""
        return Chunk(self.times[rows], {name: column[rows] for name, column in self.columns.items()})

    def filled(self) -> "Chunk":
        """The rows that have any value."""
        filled = np.zeros(len(self.times), np.bool_)
        for present in self.present().values():
            filled |= present
        return self if filled.all() else self.part(filled)

    def present(self) -> dict[str, NDArray[np.bool_]]:
        """Measurement to shape (rows,): whether there is a value."""
        return {
            name: ~np.isnan(column) if column.dtype.kind == "f" else column != np.array(None)
            for name, column in self.columns.items()
        }


@dataclass(slots=True)
class _Times:
    """The times of all rows so far."""

    rows: int = 0
    lowest: int = 0
    highest: int = 0
    in_order: bool = True
    last: int | None = None

    def add(self, time: int) -> None:
        self.in_order = self.in_order and (self.last is None or time > self.last)
        self.lowest = min(self.lowest, time) if self.rows else time
        self.highest = max(self.highest, time) if self.rows else time
        self.rows, self.last = self.rows + 1, time


@dataclass(slots=True)
class _Seen:
    """What was read of a file so far."""

    columns: list[Column]
    times: _Times = field(default_factory=_Times)


def inspect(path: Path, choices: Choices = RECOGNISE) -> Recording:
    """Read the file through once, in constant memory: what it holds, and whether all of it can be read.

    Raises SimulationFailed, naming file and line, and the option that resolves what is in doubt.
    """
    file = source(path, choices)
    first = [cells for _, cells in islice(lines(file), LOOKED_AT)]
    if not first or len(first[0]) < 2:
        raise SimulationFailed(
            f"{path}: a column of times and at least one of values are needed. Where they are divided by another character than "
            "a comma, a semicolon, a tab or a bar, name it: --delimiter."
        )
    try:
        found = layout(first, choices)
        reader = TimeReader(choices)
        seen = _read_through(file, found, reader)
        return _recording(file, choices, found, seen, reader.told_apart)
    except ValueError as problem:
        raise SimulationFailed(f"{path}: {problem}.") from None


def chunks(recording: Recording, rows: int) -> Iterator[Chunk]:
    """The file's rows in their order, at most `rows` at a time. Raises SimulationFailed, naming file and line."""
    reader = TimeReader(recording.choices)
    below = _below(recording.source, recording.layout)
    while gathered := list(islice(below, rows)):
        times = [_time(reader, recording.source, recording.layout, number, cells) for number, cells in gathered]
        columns = {
            item.name: values(item.kind, [cells[item.index] for _, cells in gathered])
            for item in recording.measurements
        }
        yield Chunk(np.array(times, np.int64), columns)


def _below(file: Source, found: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows, without the header."""
    return islice(lines(file), 1 if found.has_header else 0, None)


def _read_through(file: Source, found: Layout, reader: TimeReader) -> _Seen:
    seen = _Seen([Column() for _ in found.names])
    for number, cells in _below(file, found):
        seen.times.add(_time(reader, file, found, number, cells))
        for column, cell in zip(seen.columns, cells, strict=True):
            column.add(number, cell)
    if not seen.times.rows:
        raise ValueError("there is no row below the header")
    return seen


def _recording(file: Source, choices: Choices, found: Layout, seen: _Seen, told_apart: int) -> Recording:
    measurements, empty = [], []
    for index, (name, column) in enumerate(zip(found.names, seen.columns, strict=True)):
        if index == found.time_index:
            continue
        if (kind := _kind(name, column)) is Kind.EMPTY:
            empty.append(name)
        else:
            missing = column.count(Kind.MISSING) if kind is not Kind.TEXT else 0
            measurements.append(Measurement(name, index, kind, missing))
    _check(measurements)
    times = seen.times
    return Recording(
        source=file,
        choices=choices,
        layout=found,
        measurements=tuple(measurements),
        rows=times.rows,
        times=(times.lowest, times.highest),
        in_order=times.in_order,
        told_apart=told_apart,
        empty=tuple(empty),
    )


def _kind(name: str, column: Column) -> Kind:
    try:
        return column.decided()
    except ValueError as problem:
        raise ValueError(f"the column {name!r:.60} {problem}") from None


def _check(measurements: Sequence[Measurement]) -> None:
    if not measurements:
        raise ValueError("no column holds a value")
    if trouble := name_trouble([item.name for item in measurements]):
        raise ValueError(trouble)


def _time(reader: TimeReader, file: Source, found: Layout, number: int, cells: Sequence[str]) -> int:
    try:
        return reader.read(cells[found.time_index])
    except InvalidCell as problem:
        raise wrong(file.path, number, str(problem)) from None
