"""The results of commands: data, and how a terminal shows them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind; JSON: one object in a line for each. columns: those that a terminal shows; empty: all.
    nothing: the sentence of an empty table."""

    rows: Iterable[Row]
    columns: Sequence[str] = ()
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One object. sentence: what a terminal shows instead of the fields; empty: the fields."""

    data: Row
    sentence: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Events:
    """Rows that come over time; each is shown at once. line: the form of a row on a terminal."""

    rows: Iterable[Row]
    line: Callable[[Row], str]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is shown as it is, with --json as well."""

    text: str


# A number is an exit code.
Result: TypeAlias = Table | Record | Events | Text | int | None
