"""Progress of long work, on the standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TimeElapsedColumn, TransferSpeedColumn

from iotflow_cli.output.renderer import Output

LINE_SECONDS = 5.0


@contextmanager
def byte_progress(output: Output) -> Iterator[Callable[[int], None]]:
    """Takes numbers of bytes. A terminal shows a live line; elsewhere a note comes every few seconds."""
    console = Console(stderr=True)
    if output.as_json or not console.is_terminal:
        yield _Notes(output).advance
        return
    columns = (SpinnerColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda size: progress.advance(task, size)


class _Notes:
    def __init__(self, output: Output) -> None:
        self._output = output
        self._bytes = 0
        self._last = time.monotonic()

    def advance(self, size: int) -> None:
        self._bytes += size
        if (now := time.monotonic()) - self._last >= LINE_SECONDS:
            self._last = now
            self._output.note(f"{self._bytes:,} bytes so far", bytes=self._bytes)
