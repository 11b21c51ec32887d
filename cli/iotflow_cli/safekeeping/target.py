"""The file of a backup, which replaces an earlier one when it is complete; or the standard output."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

import click

from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError

STANDARD_OUTPUT = "-"
# Bytes after which the draft is written to the disk: senders' syncs would otherwise wait for gigabytes.
_SYNC_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Target:
    """stream: takes the backup. work: an empty folder for copies of the databases."""

    stream: BinaryIO
    work: Path


@contextmanager
def opened_target(file: Path, data_dir: Path) -> Iterator[Target]:
    """The target of a backup. A file that exists is replaced at the end of the block. After an error, and at the next backup
    to the file if the process is killed, the draft is removed. Raises CommandError, OSError."""
    if str(file) == STANDARD_OUTPUT:
        if sys.stdout.isatty():
            raise click.UsageError("A terminal cannot show a backup. Redirect the output, or name a file.")
        with _work_folder(data_dir / ".backup.work") as work:
            yield Target(sys.stdout.buffer, work)
            sys.stdout.buffer.flush()
        return
    draft = file.with_name(f".{file.name}.draft")
    with _locked_draft(draft) as target, _work_folder(file.with_name(f".{file.name}.work")) as work:
        yield Target(cast(BinaryIO, _SyncedFile(target)), work)
        os.fsync(target)
        draft.replace(file)
        _sync_folder(file.parent)


@contextmanager
def _locked_draft(draft: Path) -> Iterator[int]:
    target = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _lock(target, draft)
        try:
            os.ftruncate(target, 0)
            os.fchmod(target, 0o600)
            yield target
        finally:
            # It was renamed if the backup is complete.
            draft.unlink(missing_ok=True)
    finally:
        os.close(target)


def _lock(target: int, draft: Path) -> None:
    try:
        fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another backup may have completed this draft in the meantime.
        if os.path.samestat(os.fstat(target), draft.stat()):
            return
    except (BlockingIOError, FileNotFoundError):
        pass
    raise CommandError("Another backup to this file is running.", ExitCode.CONFLICT, reason="SAFEKEEPING_RUNS")


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _SyncedFile(RawIOBase):
    """Writes to a file, and regularly to the disk."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._unsynced = 0

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]
        left = memoryview(data)
        size = left.nbytes
        while left:
            left = left[os.write(self._file, left) :]
        self._unsynced += size
        if self._unsynced >= _SYNC_BYTES:
            os.fdatasync(self._file)
            self._unsynced = 0
        return size


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
