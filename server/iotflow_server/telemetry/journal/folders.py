"""A folder for each process's journal, held by a lock that ends with the process."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iotflow_server.telemetry.journal.segments import SUFFIX
from iotflow_server.telemetry.journal.syncing import sync_folder
from iotflow_server.telemetry.journal.under_way import Oldest, forget, oldest_in

_LOCK = "lock"


class Folder:
    """A journal's folder that this process has locked."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def segments(self) -> list[Path]:
        """The segment files, oldest first."""
        return segments_in(self.path)

    def release(self) -> None:
        """Let others have it; the folder goes when there are no segments in it. For whoever holds the root's lock."""
        if not self.segments():
            for path in self.path.iterdir():
                path.unlink()
            self.path.rmdir()
            sync_folder(self.path.parent)
        os.close(self._lock)


@dataclass(frozen=True, slots=True)
class Others:
    """gone: folders whose processes are, now locked by this one. there: those of processes that run, and what is under way
    in each."""

    gone: list[Folder]
    there: dict[Path, Oldest]


def create(root: Path) -> Folder:
    """A new folder under root. For whoever holds the root's lock."""
    path = root / secrets.token_hex(8)
    path.mkdir(mode=0o700)
    lock = _open_lock(path)
    fcntl.flock(lock, fcntl.LOCK_EX)
    sync_folder(root)
    return Folder(path, lock)


def others(root: Path, own: set[Path]) -> Others:
    """All folders but those of one's own. For whoever holds the root's lock."""
    found = Others([], {})
    for path in every(root):
        if path in own:
            continue
        lock = _try_lock(path)
        if lock is None:
            found.there[path] = oldest_in(path)
        else:
            forget(path)
            found.gone.append(Folder(path, lock))
    return found


def every(root: Path) -> list[Path]:
    """The folders of all journals, whoever has them."""
    return sorted(path for path in root.iterdir() if path.is_dir())


def segments_in(folder: Path) -> list[Path]:
    """The segment files of any folder, oldest first."""
    return sorted(folder.glob("*" + SUFFIX))


@contextmanager
def locked_root(root: Path) -> Iterator[None]:
    """Nobody makes, adopts or removes folders meanwhile."""
    lock = _open_lock(root)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _try_lock(folder: Path) -> int | None:
    lock = _open_lock(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
