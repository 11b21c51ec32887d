"""What the columns of a recording are called, and which of them holds the time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from iotflow.readings import name_problem
from iotflow_simulators.csv_cells import Kind, kind_of
from iotflow_simulators.csv_choices import Choices
from iotflow_simulators.csv_times import is_calendar_time, is_time

# As letters alone: `Date/Time (UTC)` is datetimeutc.
TIME_NAMES = frozenset(
    {
        *("timestamp", "ts", "time", "datetime", "date", "createdat", "recordedat", "zeitstempel", "zeit", "datum"),
        *("timestamputc", "timeutc", "datetimeutc", "dateutc", "utc", "timestampms", "timestamps", "localtime"),
    }
)
_NO_LETTER = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class Layout:
    """names: of the columns, in their order. time_index: of the column of times. recognised_by: how that one was found; empty: it
    was said."""

    has_header: bool
    names: Sequence[str]
    time_index: int
    recognised_by: str


def layout(rows: Sequence[Sequence[str]], choices: Choices) -> Layout:
    """The layout of a file that begins with these rows, one at the least. Raises ValueError with a sentence."""
    has_header = _has_header(rows[0], choices)
    names = [name.strip() for name in rows[0]] if has_header else [f"column{n + 1}" for n in range(len(rows[0]))]
    below = rows[1:] if has_header else rows
    index, recognised_by = _time_column(names, below, choices, has_header=has_header)
    return Layout(has_header, names, index, recognised_by)


def name_trouble(names: Sequence[str]) -> str:
    """What is wrong with the names of the columns that hold values; empty: nothing."""
    for place, name in enumerate(names):
        if name in names[:place]:
            return f"two columns are named {name!r:.60}; name them differently in the first line"
        if name_problem(name) and name:
            return f"the column {name!r:.60} cannot be stored under that name ({name_problem(name)}); change it in the first line"
        if not name:
            return "a column with values has no name; write one into the first line"
    return ""


def _has_header(first: Sequence[str], choices: Choices) -> bool:
    """Whether the first line names the columns: no name is a date, and names are not all numbers."""
    if any(is_calendar_time(cell, choices) for cell in first):
        return False
    kinds = {kind_of(cell) for cell in first}
    return Kind.TEXT in kinds or kinds == {Kind.EMPTY}


def _time_column(
    names: Sequence[str], below: Sequence[Sequence[str]], choices: Choices, *, has_header: bool
) -> tuple[int, str]:
    if choices.time_column:
        return _chosen(names, choices.time_column), ""
    named = [index for index, name in enumerate(names) if _NO_LETTER.sub("", name.lower()) in TIME_NAMES]
    if len(named) == 1 and has_header:
        return named[0], "by its name"
    if named and has_header:
        raise ValueError(f"{_listed(names, named)} may all be the column of times; say which one is: --time-column")
    fitting = [index for index in range(len(names)) if below and all(is_time(row[index], choices) for row in below)]
    if len(fitting) == 1:
        return fitting[0], "by its cells"
    if fitting:
        raise ValueError(f"{_listed(names, fitting)} all hold times; say which one is a row's time: --time-column")
    raise ValueError(
        f"none of its columns {_listed(names, range(len(names)))} was recognised as the times; say which one is: --time-column, "
        "and where they are written otherwise than 2013-07-04T00:00:00Z: --time-format"
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
