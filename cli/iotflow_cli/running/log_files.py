"""The log files of the parts: each is bounded, and the oldest lines are dropped."""

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

FOLDER = "logs"
# The file of what `iotflow up` itself reports: starts, failures, stops.
OWN = "up"
LIMIT_BYTES = 8 * 2**20
KEPT = 3


class RotatingLog:
    """A file of lines. Above the limit it becomes <name>.1, and the oldest of the kept ones is removed.

    A full disk loses lines, and ends nothing.
    """

    def __init__(self, path: Path, limit: int = LIMIT_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._limit = limit
        self._kept = kept
        self._file: int | None = None
        self._size = 0

    def write(self, line: str) -> None:
        """Append a line."""
        data = f"{line}\n".encode(errors="replace")
        with contextlib.suppress(OSError):
            if self._file is not None and self._size + len(data) > self._limit:
                self._rotate()
            if self._file is None:
                self._file = self._opened()
            self._size += os.write(self._file, data)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        # The lines may name devices and addresses: only the owner reads them.
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(file).st_size
        return file

    def _rotate(self) -> None:
        self.close()
        for number in range(self._kept - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                numbered(self._path, number).replace(numbered(self._path, number + 1))
        self._path.replace(numbered(self._path, 1))


class LogFolder:
    """The log files of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FOLDER
        self._logs: list[RotatingLog] = []

    def writer(self, part: str) -> Callable[[str], None]:
        """Takes the lines of a part."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = RotatingLog(self.path / f"{part}.log")
        self._logs.append(log)
        return log.write

    def own_writer(self) -> Callable[[str], None]:
        """Takes the lines of `iotflow up` itself, which have no time of their own."""
        write = self.writer(OWN)
        return lambda line: write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}")

    def close(self) -> None:
        """Close all files."""
        for log in self._logs:
            log.close()


def numbered(path: Path, number: int) -> Path:
    """The name of an older file."""
    return path.with_name(f"{path.name}.{number}")


def parts_in(data_dir: Path) -> list[str]:
    """The parts that have a log file."""
    return sorted(path.stem for path in (data_dir / FOLDER).glob("*.log"))
