"""Tables and records on a terminal, readable at 80 columns."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from iotflow_cli.output.results import Row
from iotflow_cli.output.values import shown_value

# Rows whose widths are measured together: memory does not grow with the length of a list.
BATCH = 500
# A file or a pipe has no width, so that nothing is wrapped in it.
UNBOUNDED = 100_000


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command, as with other results. Called while the error is handled."""
        raise


def console_on(stream: TextIO) -> Console:
    """A console that interprets nothing in the texts of the service."""
    console = _Console(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    return console


def write_table(console: Console, rows: Iterable[Row], columns: Sequence[str], nothing: str) -> None:
    """Write rows as they come, in batches. columns: empty: all keys of a batch."""
    shown: Sequence[str] = ()
    batch: list[Row] = []
    for batch in _batches(rows):
        present = columns or _keys(batch)
        # Names of measurements stay as they are.
        headings = [_heading(name).upper() for name in columns] or present
        console.print(_table(batch, present, headings, has_heading=present != shown))
        shown = present
    if not batch and nothing:
        console.print(nothing, soft_wrap=True)


def write_record(console: Console, data: Row) -> None:
    """Write the fields of an object, one below the other."""
    table = RichTable(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in data.items():
        table.add_row(_heading(name), Text(shown_value(value)))
    console.print(table)


def _table(rows: Sequence[Row], columns: Sequence[str], headings: Sequence[str], *, has_heading: bool) -> RichTable:
    table = RichTable(box=None, show_header=has_heading, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, heading in zip(columns, headings, strict=True):
        values = [row.get(name) for row in rows]
        is_number = all(isinstance(value, int | float | None) and not isinstance(value, bool) for value in values)
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown_value(row.get(name))) for name in columns))
    return table


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def _keys(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _heading(name: str) -> str:
    return name.replace("_", " ")
