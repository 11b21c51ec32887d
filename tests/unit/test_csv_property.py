"""Every table, in every format, is read as it was written, or rejected."""

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from iotflow.readings import name_problem
from iotflow_simulators import SimulationError
from iotflow_simulators.recordings.csv_cells import CellType, cell_type
from iotflow_simulators.recordings.csv_rows import chunks, inspect

MISSING = st.sampled_from(["", "N/A", "nan", "NULL", "-"])
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8).filter(
    lambda name: name_problem(name) is None
)


def is_text(cell: str) -> bool:
    """Whether the cell is neither a number nor another word with a meaning."""
    return cell_type(cell) is CellType.TEXT


NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False).map(repr), st.integers(-(2**53), 2**53).map(str))
KINDS: list[tuple[st.SearchStrategy[str], Callable[[str], Any]]] = [
    (NUMBERS, float),
    (st.integers(2**53 + 1, 2**63 - 1).map(str), int),
    (st.sampled_from(["true", "False", "TRUE"]), lambda text: text.lower() == "true"),
    (st.text(st.characters(codec="utf-8", categories=["L", "P", "S"]), min_size=1, max_size=12).filter(is_text), str),
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], list[list[Any]]]:
    """The cells of each column, its name first, and their values. The times are the last column."""
    rows = draw(st.integers(1, 12))
    cells: list[list[str]] = []
    values: list[list[Any]] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold)):
        texts, value = draw(st.sampled_from(KINDS))
        column = draw(st.lists(st.tuples(st.booleans(), texts, MISSING), min_size=rows, max_size=rows))
        cells.append([name, *(text if is_there else missing for is_there, text, missing in column)])
        values.append([value(text) if is_there else None for is_there, text, _ in column])
    start = draw(st.integers(1_000_000_000_000, 2_000_000_000_000))
    times = [start + 1_000 * row for row in range(rows)]
    cells.append(["timestamp", *map(str, times)])
    values.append(times)
    return cells, values


@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_a_table_is_read_as_it_was_written_or_rejected(
    tmp_path_factory: Any,
    table: tuple[list[list[str]], list[list[Any]]],
    delimiter: str,
    line_end: str,
    encoding: str,
    quoting: Any,
) -> None:
    cells, values = table
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(zip(*cells, strict=True))
    path: Path = tmp_path_factory.getbasetemp() / "table.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    try:
        recording = inspect(path)
    except SimulationError:
        return
    read = list(chunks(recording, 5))
    assert [time for chunk in read for time in chunk.times.tolist()] == values[-1]
    for [name, *texts], expected in zip(cells[:-1], values[:-1], strict=True):
        found = [value for chunk in read for value in list(chunk.columns.get(name, [None] * len(chunk.times)))]
        assert all(map(equal, found, expected, texts)), (name, found, expected)


def equal(found: Any, expected: Any, text: str) -> bool:
    """Whether a cell was read as its value. In a column of texts, words for missing values are texts."""
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return expected is None
    return found == text != "" if expected is None else isinstance(found, type(expected)) and bool(found == expected)
