"""The rows of a CSV file, as chunks of columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np

from iotflow_simulators import SimulationError
from iotflow_simulators.recordings.chunk import Chunk
from iotflow_simulators.recordings.csv_cells import CellCounts, CellType, values
from iotflow_simulators.recordings.csv_file import (
    DELIMITERS,
    DETECT,
    SAMPLE_LINES,
    CsvOptions,
    Source,
    detect_source,
    line_error,
    read_lines,
)
from iotflow_simulators.recordings.csv_layout import Layout, detect_layout, header_problem
from iotflow_simulators.recordings.csv_times import InvalidCell, TimeReader

# Columns that a description lists.
LISTED = 50


@dataclass(frozen=True, slots=True)
class Measurement:
    """A column of the file. missing: number of cells that contain a word for a missing value."""

    name: str
    index: int
    kind: CellType
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """The result of a first pass over a file. in_order: every time is later than the one above it. times: the first and the last,
    in ms. repeated_hour: number of times in an hour that occurs twice. empty: names of columns without a value."""

    source: Source
    options: CsvOptions
    layout: Layout
    measurements: tuple[Measurement, ...]
    rows: int
    times: tuple[int, int]
    in_order: bool
    repeated_hour: int
    empty: tuple[str, ...]


@dataclass(slots=True)
class _Times:
    """The times of the rows read so far."""

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
class _Scan:
    """The part of the file read so far."""

    columns: list[CellCounts]
    times: _Times = field(default_factory=_Times)


def inspect(path: Path, options: CsvOptions = DETECT) -> Recording:
    """Read the file once, in constant memory, and check that all of it can be sent.

    Raises SimulationError, naming file and line, and the option that resolves an ambiguity.
    """
    source = detect_source(path, options)
    sample = [cells for _, cells in islice(read_lines(source), SAMPLE_LINES)]
    if not sample or len(sample[0]) < 2:
        raise SimulationError(
            f"{path}: a column of times and at least one column of values are needed. If the delimiter is not a comma, a semicolon, "
            "a tab or a bar, name it: --delimiter."
        )
    try:
        layout = detect_layout(sample, options)
        reader = TimeReader(options)
        scan = _scan(source, layout, reader)
        return _recording(source, options, layout, scan, reader.repeated_hour)
    except ValueError as problem:
        raise SimulationError(f"{path}: {problem}.") from None


def chunks(recording: Recording, rows: int) -> Iterator[Chunk]:
    """The file's rows in their order, at most `rows` at a time. Raises SimulationError, naming file and line."""
    reader = TimeReader(recording.options)
    lines = _rows(recording.source, recording.layout)
    while batch := list(islice(lines, rows)):
        times = [_time(reader, recording.source, recording.layout, number, cells) for number, cells in batch]
        columns = {
            item.name: values(item.kind, [cells[item.index] for _, cells in batch]) for item in recording.measurements
        }
        yield Chunk(np.array(times, np.int64), columns)


def description(recording: Recording) -> Iterator[str]:
    """Lines that describe how the file is read."""
    source, layout, options = recording.source, recording.layout, recording.options
    encoding = "utf-8" if source.encoding == "utf-8-sig" else source.encoding
    delimiter = DELIMITERS.get(source.delimiter, repr(source.delimiter))
    header = "" if layout.has_header else ", no header: columns are named column1, column2, …"
    yield f"{source.path}: {recording.rows:,} rows, {encoding}, delimiter {delimiter}{header}"
    first, last = (_iso(time) for time in recording.times)
    by = f", detected {layout.detected_by}" if layout.detected_by else ""
    zone, form = options.timezone or "UTC", options.time_format or "as written"
    yield f"times: {layout.names[layout.time_index]!r}{by}, {form}, without an offset {zone}: from {first} to {last}"
    if recording.repeated_hour:
        yield f"{recording.repeated_hour:,} times in the hour that occurs twice were resolved by the order of the rows"
    for item in recording.measurements[:LISTED]:
        missing = f", {item.missing:,} of them missing (such as N/A)" if item.missing else ""
        yield f"{item.name}: {item.kind.value}{missing}"
    if len(recording.measurements) > LISTED:
        yield f"and {len(recording.measurements) - LISTED:,} more measurements"
    if named := [name for name in recording.empty if name]:
        yield f"without any value, and not sent: {', '.join(named[:LISTED])}"


def _iso(time: int) -> str:
    try:
        return datetime.fromtimestamp(time / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{time} ms"


def _rows(source: Source, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The lines without the header."""
    return islice(read_lines(source), 1 if layout.has_header else 0, None)


def _scan(source: Source, layout: Layout, reader: TimeReader) -> _Scan:
    scan = _Scan([CellCounts() for _ in layout.names])
    for number, cells in _rows(source, layout):
        scan.times.add(_time(reader, source, layout, number, cells))
        for column, cell in zip(scan.columns, cells, strict=True):
            column.add(number, cell)
    if not scan.times.rows:
        raise ValueError("there is no row below the header")
    return scan


def _recording(source: Source, options: CsvOptions, layout: Layout, scan: _Scan, repeated_hour: int) -> Recording:
    measurements, empty = [], []
    for index, (name, column) in enumerate(zip(layout.names, scan.columns, strict=True)):
        if index == layout.time_index:
            continue
        if (kind := _kind(name, column)) is CellType.EMPTY:
            empty.append(name)
        else:
            missing = column.count(CellType.MISSING) if kind is not CellType.TEXT else 0
            measurements.append(Measurement(name, index, kind, missing))
    _check(measurements)
    return Recording(
        source=source,
        options=options,
        layout=layout,
        measurements=tuple(measurements),
        rows=scan.times.rows,
        times=(scan.times.lowest, scan.times.highest),
        in_order=scan.times.in_order,
        repeated_hour=repeated_hour,
        empty=tuple(empty),
    )


def _kind(name: str, column: CellCounts) -> CellType:
    try:
        return column.kind()
    except ValueError as problem:
        raise ValueError(f"the column {name!r:.60} {problem}") from None


def _check(measurements: Sequence[Measurement]) -> None:
    if not measurements:
        raise ValueError("no column holds a value")
    if problem := header_problem([item.name for item in measurements]):
        raise ValueError(problem)


def _time(reader: TimeReader, source: Source, layout: Layout, number: int, cells: Sequence[str]) -> int:
    try:
        return reader.read(cells[layout.time_index])
    except InvalidCell as problem:
        raise line_error(source.path, number, str(problem)) from None
