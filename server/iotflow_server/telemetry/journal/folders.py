"""A folder for each process's journal, held by a lock that ends with the process."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iotflow_server.telemetry.journal.segments import SUFFIX, sync_folder

_LOCK = "lock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Folder:
    """A journal's folder that this process has locked."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def segments(self) -> list[Path]:
        """The segment files, oldest first."""
        return sorted(self.path.glob("*" + SUFFIX))

    def release(self) -> None:
        """Let others have it; the folder goes when there are no segments in it."""
        with locked_root(self.path.parent):
            if not self.segments():
                for path in self.path.iterdir():
                    path.unlink()
                self.path.rmdir()
                sync_folder(self.path.parent)
            os.close(self._lock)


def create(root: Path) -> Folder:
    """A new folder under root, which is made where it is missing."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked_root(root):
        path = root / secrets.token_hex(8)
        path.mkdir(mode=0o700)
        lock = _open_lock(path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(lock, _BOOT.read_bytes())
        sync_folder(root)
    return Folder(path, lock)


def adopt(root: Path) -> list[Folder]:
    """The folders under root whose processes are gone, now locked by this one."""
    with locked_root(root):
        locks = [(path, _try_lock(path)) for path in every(root)]
    return [Folder(path, lock) for path, lock in locks if lock is not None]


def is_of_this_boot(folder: Path) -> bool:
    """Whether its process ran since the machine was started last: clocks that count from there can be compared."""
    return (folder / _LOCK).read_bytes() == _BOOT.read_bytes()


def every(root: Path) -> list[Path]:
    """The folders of all journals, whoever has them."""
    return sorted(path for path in root.iterdir() if path.is_dir())


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
