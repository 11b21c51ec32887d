"""`iotflow logs`."""

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import LINES
from iotflow_cli.command_line.options import data_dir_option
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.results import Events, Row
from iotflow_cli.running.log_files import FOLDER, KEPT, numbered, parts_in

POLL_SECONDS = 0.2


@command("logs")
@data_dir_option("data folder of the service")
@click.argument("part", required=False)
@click.option("-f", "--follow", is_flag=True, help="wait for new lines  [default: end]")
@click.option(
    "-n",
    "--lines",
    type=LINES,
    default=100,
    show_default=True,
    metavar="N",
    help="last lines of each part",
)
def logs(data_dir: Path, part: str | None, follow: bool, lines: int) -> Events:
    """Show the logs of the service of this machine.

    PART is server, envoy, mqtt, broker, or up for the starts and failures of the parts; without it, all are shown.
    """
    known = parts_in(data_dir)
    if part is not None and part not in known:
        raise CommandError(
            f"There is no log of {part!r} in {data_dir / FOLDER} (known: {', '.join(known) or 'none'}).",
            ExitCode.NOT_FOUND,
            reason="PART_NOT_FOUND",
        )
    if not known and not follow:
        raise CommandError(
            f"There are no logs in {data_dir / FOLDER}: no `iotflow up` has run on this data folder.",
            ExitCode.NOT_FOUND,
            reason="LOGS_NOT_FOUND",
        )
    shown = [part] if part else known
    width = max(map(len, shown), default=0)
    return Events(
        _rows(data_dir, shown, lines, follow=follow),
        lambda row: str(row["line"]) if part else f"{row['part']:<{width}} | {row['line']}",
    )


def _rows(data_dir: Path, parts: list[str], lines: int, *, follow: bool) -> Iterator[Row]:
    with ExitStack() as stack:
        files = {part: FollowedFile(data_dir / FOLDER / f"{part}.log") for part in parts}
        for part, file in files.items():
            stack.callback(file.close)
            for line in file.last(lines):
                yield {"part": part, "line": line}
        while follow:
            found = [{"part": part, "line": line} for part, file in files.items() for line in file.new()]
            yield from found
            if not found:
                time.sleep(POLL_SECONDS)


class FollowedFile:
    """A log file, across its rotations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._rest = ""

    def last(self, count: int) -> list[str]:
        """The last lines, of older files too. Lines after them are new."""
        found: deque[str] = deque(maxlen=count)
        for number in range(KEPT, 0, -1):
            older = numbered(self._path, number)
            if older.exists():
                found.extend(older.read_text(encoding="utf-8", errors="replace").splitlines())
        found.extend(self.new())
        return list(found)

    def new(self) -> list[str]:
        """The complete lines since the last call."""
        text = self._read()
        if self._is_rotated():
            self.close()
            text += self._read()
        *complete, self._rest = (self._rest + text).split("\n")
        return complete

    def _read(self) -> str:
        if self._file is None:
            try:
                self._file = self._path.open(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                return ""
        return self._file.read()

    def _is_rotated(self) -> bool:
        if self._file is None:
            return False
        try:
            return self._path.stat().st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            # Between the two renames of a rotation.
            return False

    def close(self) -> None:
        """Close the file; a later call opens the present one."""
        if self._file:
            self._file.close()
        self._file = None
