"""The names of a recording's columns, and the column of its times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from iotflow.readings import name_problem
from iotflow_simulators.recordings.csv_cells import CellType, cell_type
from iotflow_simulators.recordings.csv_file import CsvOptions
from iotflow_simulators.recordings.csv_times import is_calendar_time, is_time

# Compared as lower-case letters only: `Date/Time (UTC)` is datetimeutc.
TIME_NAMES = frozenset(
    {
        *("timestamp", "ts", "time", "datetime", "date", "createdat", "recordedat", "zeitstempel", "zeit", "datum"),
        *("timestamputc", "timeutc", "datetimeutc", "dateutc", "utc", "timestampms", "timestamps", "localtime"),
    }
)
_NO_LETTER = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class Layout:
    """names: of the columns, in their order. time_index: of the column of times. detected_by: how that column was found; empty: the
    user named it."""

    has_header: bool
    names: Sequence[str]
    time_index: int
    detected_by: str


def detect_layout(rows: Sequence[Sequence[str]], options: CsvOptions) -> Layout:
    """The layout of a file that begins with these rows, at least one. Raises ValueError with a message."""
    has_header = _has_header(rows[0], options)
    names = [name.strip() for name in rows[0]] if has_header else [f"column{n + 1}" for n in range(len(rows[0]))]
    below = rows[1:] if has_header else rows
    index, detected_by = _time_column(names, below, options, has_header=has_header)
    return Layout(has_header, names, index, detected_by)


def header_problem(names: Sequence[str]) -> str:
    """Why these columns cannot be stored under their names; empty where they can."""
    for place, name in enumerate(names):
        if name in names[:place]:
            return f"two columns are named {name!r:.60}; name them differently in the first line"
        if name_problem(name) and name:
            return f"the column {name!r:.60} cannot be stored under that name ({name_problem(name)}); change it in the first line"
        if not name:
            return "a column with values has no name; write one into the first line"
    return ""


def _has_header(first: Sequence[str], options: CsvOptions) -> bool:
    """Whether the first line has names: none of its cells is a date, and not all are numbers."""
    if any(is_calendar_time(cell, options) for cell in first):
        return False
    kinds = {cell_type(cell) for cell in first}
    return CellType.TEXT in kinds or kinds == {CellType.EMPTY}


def _time_column(
    names: Sequence[str], below: Sequence[Sequence[str]], options: CsvOptions, *, has_header: bool
) -> tuple[int, str]:
    if options.time_column:
        return _chosen(names, options.time_column), ""
    named = [index for index, name in enumerate(names) if _NO_LETTER.sub("", name.lower()) in TIME_NAMES]
    if len(named) == 1 and has_header:
        return named[0], "by its name"
    if named and has_header:
        raise ValueError(f"{_listed(names, named)} may all be the column of times; name it: --time-column")
    fitting = [index for index in range(len(names)) if below and all(is_time(row[index], options) for row in below)]
    if len(fitting) == 1:
        return fitting[0], "by its cells"
    if fitting:
        raise ValueError(f"{_listed(names, fitting)} all hold times; name the column of a row's time: --time-column")
    raise ValueError(
        f"none of its columns {_listed(names, range(len(names)))} was detected as the times; name it: --time-column, "
        "and, for times not written like 2013-07-04T00:00:00Z, name their format: --time-format"
    )


def _chosen(names: Sequence[str], chosen: str) -> int:
    if names.count(chosen) == 1:
        return names.index(chosen)
    if chosen.isdecimal() and 1 <= int(chosen) <= len(names):
        return int(chosen) - 1
    raise ValueError(
        f"--time-column {chosen!r:.60} is none of {_listed(names, range(len(names)))}, nor a number of one of them"
    )


def _listed(names: Sequence[str], indices: Sequence[int]) -> str:
    shown = [repr(names[index]) for index in indices[:20]]
    return ", ".join(shown) + (", …" if len(indices) > len(shown) else "")
