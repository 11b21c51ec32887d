"""What the columns of a recording are called, and which of them holds the time."""

import re
from collections.abc import Sequence

TIME_COLUMNS = ("timestamp", "date", "time", "datetime")
LONGEST_NAME = 128

_UNSTORABLE = re.compile(r"[^\w.\-]")


def time_column(header: Sequence[str]) -> int:
    """The index of the first column that is named like a time, else of the first of all."""
    named = (index for index, name in enumerate(header) if name.strip().lower() in TIME_COLUMNS)
    return next(named, 0)


def measurement_names(header: Sequence[str]) -> list[str]:
    """Names the server can store, in the same order, all different."""
    names: list[str] = []
    for title in header:
        names.append(_distinct(_storable(title.strip()), names))
    return names


def _storable(title: str) -> str:
    name = _UNSTORABLE.sub("_", title)[:LONGEST_NAME]
    # A name starts with none of - and . ; timestamp is what answers call a row's time.
    return f"_{name[1:]}" if name[:1] in ("", "-", ".") else "timestamp_" if name == "timestamp" else name


def _distinct(name: str, taken: Sequence[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate = f"{name[: LONGEST_NAME - 4]}_{number}"
        number += 1
    return candidate
