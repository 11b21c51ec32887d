"""Real processes under test, each in its own process group."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from tools.ports import reserved_port

PATIENCE = 30.0
# The command that is installed beside this Python.
IOTFLOW = str(Path(sys.executable).with_name("iotflow"))


def free_port() -> int:
    """A free loopback port, for a server that cannot choose one itself. No other test gets it before the server listens."""
    return reserved_port()


class Running:
    """A process, with the lines that it has written to both streams."""

    def __init__(
        self, process: subprocess.Popen[str], output: IO[str] | None = None, send: Callable[[str], object] | None = None
    ) -> None:
        self.lines: list[str] = []
        self._process = process
        self._output = output or process.stdout
        self._send = send
        self._news = threading.Condition()
        self._silent = False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """All output so far."""
        with self._news:
            return "\n".join(self.lines)

    def wait_for_line(self, prefix: str, within: float = PATIENCE) -> str:
        """Wait for a line with this prefix; the first one. Raises AssertionError, with all output, if none appears."""
        with self._news:
            self._news.wait_for(lambda: self._silent or self._find(prefix) is not None, within)
            line = self._find(prefix)
        assert line is not None, f"no line begins with {prefix!r}:\n{self.output}"
        return line

    def wait_for_lines(self, fits: Callable[[str], bool], count: int = 1, within: float = PATIENCE) -> list[str]:
        """Wait for at least `count` matching lines; all of them. Raises AssertionError, with all output, if fewer appear."""
        with self._news:
            self._news.wait_for(lambda: self._silent or sum(map(fits, self.lines)) >= count, within)
            lines = [line for line in self.lines if fits(line)]
        assert len(lines) >= count, f"{len(lines)} of {count} lines came:\n{self.output}"
        return lines

    def exit_code(self, within: float = PATIENCE) -> int:
        """Wait for the end; the exit code, or the negative number of the signal that ended the process."""
        code = self._process.wait(within)
        self._listener.join(within)
        return code

    def send_line(self, line: str) -> None:
        """Write a line to the process."""
        assert self._send
        self._send(f"{line}\n")

    def end_input(self) -> None:
        """Write no more lines to the process."""
        assert self._process.stdin
        self._process.stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, but not to its children."""
        self._process.send_signal(number)

    def terminate(self, within: float = PATIENCE) -> int:
        """Send SIGTERM, and wait; the exit code."""
        self.signal(signal.SIGTERM)
        return self.exit_code(within)

    def _find(self, prefix: str) -> str | None:
        return next((line for line in self.lines if line.startswith(prefix)), None)

    def _listen(self) -> None:
        assert self._output
        # A terminal whose process has ended is an error.
        with contextlib.suppress(OSError):
            for line in self._output:
                self._add_line(line.rstrip("\n"))
        with self._news:
            self._silent = True
            self._news.notify_all()

    def _add_line(self, line: str) -> None:
        with self._news:
            self.lines.append(line)
            self._news.notify_all()


def serving_port(process: Running) -> int:
    """The port of a server process, from its log."""
    (line, *_) = process.wait_for_lines(lambda line: '"event": "serving"' in line)
    return int(json.loads(line)["address"].rpartition(":")[2])


def wait_until_listening(port: int, process: Running, within: float = PATIENCE) -> None:
    """Wait until the loopback port accepts connections. Raises AssertionError if the process ends before."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and process.alive:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=within):
            return
        # Interval between attempts, because a refused connection fails at once.
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}:\n{process.output}")


@contextlib.contextmanager
def running(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    *,
    takes_lines: bool = False,
) -> Iterator[Running]:
    """Run a command with `env` in addition to this process's environment. Its process group is killed at the end. takes_lines:
    its standard input is a pipe."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.PIPE if takes_lines else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    run = Running(process, send=lambda text: _write(process, text))
    try:
        yield run
    finally:
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        run.exit_code()
        if process.stdout:
            process.stdout.close()


@contextlib.contextmanager
def on_terminal(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Iterator[Running]:
    """As running(), with a terminal for all streams. Lines have its control sequences."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        command,
        env={**os.environ, **env},
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        text=True,
    )
    os.close(slave)
    with open(master, encoding="utf-8", errors="replace") as output:
        run = Running(process, output, lambda text: os.write(master, text.encode()))
        try:
            yield run
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            run.exit_code()


def _write(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin
    process.stdin.write(text)
    process.stdin.flush()


def children(pid: int) -> dict[str, int]:
    """The children of a process: ids by command line."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with contextlib.suppress(FileNotFoundError):
                found[Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()] = int(child)
    return found
