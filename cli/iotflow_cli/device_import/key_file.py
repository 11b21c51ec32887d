"""The file with the keys of the registered devices, which an interrupted import continues."""

import csv
import fcntl
import io
import os
import re
import stat
import uuid
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from iotflow_cli.device_import.problems import ImportProblem

# The first line has the id of the import, so that the server recognizes the same import after an interruption.
START = b"# iotflow import "
MARK = re.compile(r"# iotflow import ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
COLUMNS = ("name", "id", "api_key")
OWNER_ONLY = 0o600
# The mode of a file that others could read or write.
OTHERS = 0o077


class KeyFile:
    """CSV with the columns name, id and api_key after a comment, mode 0600. One process at a time may use it.

    A line is complete or, after a crash, cut off at the end of the file, where it is removed: its device then gets a new key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: set[str] = set()
        self._import_id = ""
        self._file = self._opened()
        try:
            self._lock()
            self._check_mode()
            self._read()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    @property
    def import_id(self) -> str:
        """The id of the import."""
        return self._import_id

    def __contains__(self, name: str) -> bool:
        """Whether the file has the key of this device."""
        return name in self._names

    def add(self, devices: Iterable[tuple[str, int, str]]) -> None:
        """Write names, ids and keys; they are on the disk on return. Blocks."""
        added = list(devices)
        self._append(_csv(added))
        self._names.update(name for name, _, _ in added)

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(self._path, flags, OWNER_ONLY)
        except OSError as error:
            raise self._problem(error.strerror or "cannot be opened") from None

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._problem("another import uses this file") from None

    def _check_mode(self) -> None:
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode):
            raise self._problem("is not a regular file")
        if status.st_mode & OTHERS:
            raise self._problem("others can read this file; run `chmod 600` on it, or name another file")

    def _read(self) -> None:
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        if not START.startswith(content[: len(START)]):
            raise self._not_of_an_import()
        complete = content[: content.rfind(b"\n") + 1]
        # Names have no line breaks.
        lines = complete.decode(errors="replace").split("\n")[:-1]
        mark = MARK.fullmatch(lines[0]) if lines else None
        if lines and (mark is None or lines[1:2] not in ([], [",".join(COLUMNS)])):
            raise self._not_of_an_import()
        if len(complete) < len(content):
            os.ftruncate(self._file, len(complete))
        self._begin(mark[1] if mark else "", has_header=len(lines) > 1)
        self._names.update(row[0] for row in csv.reader(lines[2:]) if row)

    def _begin(self, import_id: str, *, has_header: bool) -> None:
        """Write what is missing of the first two lines."""
        self._import_id = import_id or str(uuid.uuid4())
        if has_header:
            return
        self._append(("" if import_id else f"# iotflow import {self._import_id}\n") + _csv([COLUMNS]))
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            # Otherwise the file itself could be lost.
            os.fsync(folder)
        finally:
            os.close(folder)

    def _append(self, text: str) -> None:
        content = memoryview(text.encode())
        while content:
            content = content[os.write(self._file, content) :]
        os.fsync(self._file)

    def _not_of_an_import(self) -> ImportProblem:
        return self._problem("is no key file of an import; name another file")

    def _problem(self, problem: str) -> ImportProblem:
        return ImportProblem([f"{self._path}: {problem}"])


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
