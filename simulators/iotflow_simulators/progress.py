"""How far it has got: a bar for a terminal, now and then a line for anything else."""

import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

LINE_SECONDS = 5.0


class Shown(Protocol):
    """Where progress is told."""

    def advance(self, rows: int, rejected: int) -> None:
        """The server is done with these rows more; rejected: how many of them it stored nothing of."""

    def note(self, line: str) -> None:
        """Something a person should know."""


def shown(console: Console, total: int) -> AbstractContextManager[Shown]:
    """Progress towards this many rows, shown until the block is left."""
    return Bar(console, total) if console.is_terminal else Lines(console, total)


def counted(number: int, thing: str) -> str:
    """1 row, 2 rows."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def write(console: Console, line: str) -> None:
    """Write a line as it is: not wrapped, and brackets are no markup."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


class Rate(ProgressColumn):
    """Rows a second, from the start on."""

    def render(self, task: Task) -> Text:
        seconds = (task.finished_time if task.finished else task.elapsed) or 1e-3
        return Text(f"{task.completed / seconds:,.0f} rows/s")


class Rejected(ProgressColumn):
    """Rows that the server stored nothing of, where there are any."""

    def render(self, task: Task) -> Text:
        rejected = task.fields["rejected"]
        return Text(f"{rejected:,} rejected" if rejected else "")


class Bar:
    """For a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), Rejected(), Rate(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("", total=total, rejected=0)
        self._rejected = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, rows: int, rejected: int) -> None:
        self._rejected += rejected
        self._progress.update(self._task, advance=rows, rejected=self._rejected)

    def note(self, line: str) -> None:
        write(self._progress.console, line)


class Lines:
    """For a file, a pipe or a journal."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._rows = self._rejected = 0
        self._start = self._told = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rows:
            self._tell(time.monotonic())

    def advance(self, rows: int, rejected: int) -> None:
        self._rows += rows
        self._rejected += rejected
        if (now := time.monotonic()) - self._told >= LINE_SECONDS:
            self._tell(now)

    def note(self, line: str) -> None:
        write(self._console, line)

    def _tell(self, now: float) -> None:
        self._told = now
        rate = self._rows / max(now - self._start, 1e-3)
        rejected = f", {self._rejected:,} rejected" if self._rejected else ""
        stored = f"{self._rows - self._rejected:,} of {counted(self._total, 'row')} acknowledged{rejected}"
        self.note(f"{stored}, {rate:,.0f} rows/s")
