"""The file in which `iotflow up` states what it runs. A file that a killed run left behind is noticed."""

import dataclasses
import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from iotflow.private_files import write_private

FILE_NAME = "up.json"


@dataclass(frozen=True)
class RunFile:
    """pid, started: of `iotflow up`; a process id alone may belong to another process by now. host: where the process runs.
    parts: process ids by name, once they are ready. options: those of `iotflow up`. addresses: lines for people."""

    pid: int
    started: str
    host: str
    rest: str
    grpc_port: int
    is_ready: bool = False
    parts: dict[str, int] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_process(cls, **known: Any) -> Self:
        """The file of a run of this process."""
        pid = os.getpid()
        return cls(pid=pid, started=_start_of(pid), host=socket.gethostname(), **known)

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs. One on another host counts as running, because it cannot be asked."""
        if not is_on_this_host(self):
            return True
        return is_running(self.pid) and _start_of(self.pid) == self.started

    def write(self, data_dir: Path) -> None:
        """Replace the file. Raises OSError."""
        write_private(data_dir / FILE_NAME, json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def read_run(data_dir: Path) -> RunFile | None:
    """The run on this data folder; None: there is none, or its process has ended."""
    try:
        content = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))
        run = RunFile(**content)
    except (OSError, ValueError, TypeError):
        return None
    return run if run.is_alive else None


def remove_run(data_dir: Path) -> None:
    """Remove the file at the end of a run."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def is_on_this_host(run: RunFile) -> bool:
    """Whether the process can be asked and signalled here."""
    return run.host == socket.gethostname()


def is_running(pid: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_of(pid: int) -> str:
    """The start of a process in ticks since the boot; empty where the system does not tell."""
    try:
        # The name of the program may contain spaces and brackets. The start is field 22.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
