"""Progress of long work, on the standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from iotflow_cli.output.renderer import Output

LINE_SECONDS = 5.0


@contextmanager
def byte_progress(output: Output) -> Iterator[Callable[[int], None]]:
    """Takes numbers of bytes. A terminal shows a live line; elsewhere a note comes every few seconds."""
    console = Console(stderr=True)
    if output.as_json or not console.is_terminal:
        yield _ByteNotes(output).advance
        return
    columns = (SpinnerColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda size: progress.advance(task, size)


@contextmanager
def count_progress(output: Output, things: str) -> Iterator[Callable[[int, int], None]]:
    """Takes the number of things that are done, and of all. A terminal shows a bar; elsewhere a note comes every few seconds."""
    console = Console(stderr=True)
    if output.as_json or not console.is_terminal:
        yield _CountNotes(output, things).update
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(things, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


class _Pauses:
    """Whether it is time for another note."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def are_over(self) -> bool:
        """True at most once in LINE_SECONDS."""
        now = time.monotonic()
        if now - self._last < LINE_SECONDS:
            return False
        self._last = now
        return True


class _ByteNotes:
    def __init__(self, output: Output) -> None:
        self._output = output
        self._bytes = 0
        self._pauses = _Pauses()

    def advance(self, size: int) -> None:
        self._bytes += size
        if self._pauses.are_over():
            self._output.note(f"{self._bytes:,} bytes so far", bytes=self._bytes)


class _CountNotes:
    def __init__(self, output: Output, things: str) -> None:
        self._output = output
        self._things = things
        self._pauses = _Pauses()

    def update(self, done: int, of: int) -> None:
        if self._pauses.are_over():
            self._output.note(f"{done:,} of {of:,} {self._things}", done=done, of=of)
