"""Files shared by processes: locks that the kernel releases when their process ends, and durable changes of folders."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.002


class LockTimeout(OSError):
    """Another process holds the lock for too long."""


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock of this file, which is created if missing. Blocks for up to patience seconds. Raises LockTimeout."""
    with open_lock(path) as lock:
        deadline = time.monotonic() + patience
        while not try_lock(lock):
            if time.monotonic() >= deadline:
                raise LockTimeout(f"another process holds the lock {path} and does not release it")
            time.sleep(_POLL_SECONDS)
        yield


@contextmanager
def open_lock(path: Path) -> Iterator[int]:
    """Open a lock file; leaving the block closes it and releases its lock."""
    lock = open_lock_file(path)
    try:
        yield lock
    finally:
        os.close(lock)


def open_lock_file(path: Path) -> int:
    """A descriptor of the file, which is created if missing."""
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def try_lock(lock: int) -> bool:
    """Try to acquire the lock of an open file; returns whether it is held now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make the creation and removal of files in a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
