"""Progress of a replay: a bar on a terminal, a line every few seconds elsewhere."""

import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

import rich.progress
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

LINE_SECONDS = 5.0


class ProgressDisplay(Protocol):
    """Shows the progress of a replay."""

    def advance(self, rows: int, rejected: int) -> None:
        """Add rows that the server has processed. rejected: rows among them without a stored value."""

    def write(self, line: str) -> None:
        """Show a line."""


def progress_on(console: Console, total: int) -> AbstractContextManager[ProgressDisplay]:
    """Show progress towards this number of rows until the block is left."""
    return ProgressBar(console, total) if console.is_terminal else ProgressLines(console, total)


def counted(number: int, noun: str) -> str:
    """The number with the noun in singular or plural: 1 row, 2 rows."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def write_line(console: Console, line: str) -> None:
    """Write a line without wrapping it and without interpreting brackets as markup."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


class RateColumn(ProgressColumn):
    """Rows per second since the start."""

    def render(self, task: Task) -> Text:
        seconds = (task.finished_time if task.finished else task.elapsed) or 1e-3
        return Text(f"{task.completed / seconds:,.0f} rows/s")


class RejectedColumn(ProgressColumn):
    """Number of rows without a stored value, if there are any."""

    def render(self, task: Task) -> Text:
        rejected = task.fields["rejected"]
        return Text(f"{rejected:,} rejected" if rejected else "")


class ProgressBar:
    """Progress on a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), RejectedColumn(), RateColumn(), TimeRemainingColumn())
        self._bar = rich.progress.Progress(*columns, console=console)
        self._task = self._bar.add_task("", total=total, rejected=0)
        self._rejected = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, rows: int, rejected: int) -> None:
        self._rejected += rejected
        self._bar.update(self._task, advance=rows, rejected=self._rejected)

    def write(self, line: str) -> None:
        write_line(self._bar.console, line)


class ProgressLines:
    """Progress in a file, a pipe or a journal."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._rows = self._rejected = 0
        self._start = self._written = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rows:
            self._write_progress(time.monotonic())

    def advance(self, rows: int, rejected: int) -> None:
        self._rows += rows
        self._rejected += rejected
        if (now := time.monotonic()) - self._written >= LINE_SECONDS:
            self._write_progress(now)

    def write(self, line: str) -> None:
        write_line(self._console, line)

    def _write_progress(self, now: float) -> None:
        self._written = now
        rate = self._rows / max(now - self._start, 1e-3)
        rejected = f", {self._rejected:,} rejected" if self._rejected else ""
        stored = f"{self._rows - self._rejected:,} of {counted(self._total, 'row')} acknowledged{rejected}"
        self.write(f"{stored}, {rate:,.0f} rows/s")
