"""Locks between processes that the kernel lets go of when their process ends; nobody waits for one without limit."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_SECONDS = 0.002


class Busy(OSError):
    """A process that stands still has the lock."""


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock of this file, which is made where it is missing. Blocks for patience seconds at most. Raises Busy."""
    with tried(path) as lock:
        deadline = time.monotonic() + patience
        while not take(lock):
            if time.monotonic() >= deadline:
                raise Busy(f"another process has {path} and does not go on")
            time.sleep(_LOOK_SECONDS)
        yield


@contextmanager
def tried(path: Path) -> Iterator[int]:
    """The file, such that its lock can be taken; let go of when the block is left."""
    lock = opened(path)
    try:
        yield lock
    finally:
        os.close(lock)


def opened(path: Path) -> int:
    """A descriptor of the file, which is made where it is missing."""
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def take(lock: int) -> bool:
    """Whether the lock is this descriptor's now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make what was created in and removed from a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
