"""What `iotflow up` leaves for the other commands while it runs: the run file and the log files."""

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

from iotflow_cli.running.log_files import LogFolder
from iotflow_cli.running.run_file import RunFile, remove_run

REQUEST_FILE = "restart-part"


class RunRecord:
    """The record of one run. A full disk loses what it should have written, and ends nothing."""

    def __init__(self, data_dir: Path, run: RunFile) -> None:
        self._data_dir = data_dir
        self._run = run
        self._logs = LogFolder(data_dir)
        self.own_log = self._logs.own_writer()
        self._write()

    def log(self, part: str) -> Callable[[str], None]:
        """Takes the lines of a part."""
        return self._logs.writer(part)

    def part_is_ready(self, name: str, pid: int) -> None:
        """Note the process of a part."""
        self._run = dataclasses.replace(self._run, parts={**self._run.parts, name: pid})
        self._write()

    def all_are_ready(self) -> None:
        """Note that the service is ready."""
        self._run = dataclasses.replace(self._run, is_ready=True)
        self._write()

    def requested_part(self) -> str:
        """The part that `iotflow restart` names; empty: none."""
        with contextlib.suppress(OSError):
            return (self._data_dir / REQUEST_FILE).read_text(encoding="utf-8").strip()
        return ""

    def close(self) -> None:
        """Remove the run file. The log files stay."""
        self._logs.close()
        with contextlib.suppress(OSError):
            remove_run(self._data_dir)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            self._run.write(self._data_dir)
