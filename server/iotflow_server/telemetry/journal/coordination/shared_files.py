"""Files shared by processes: locks that the kernel releases when their process ends, numbers that each process maps into its
memory, and durable changes of folders.
"""

import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.002
# Bytes of a shared counter.
_COUNTER_BYTES = 8


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


class SharedCounters:
    """A few numbers, 0 to 2^64 - 1, in a small file that each process maps into its memory.

    Each number is read and written atomically. Read-modify-write needs a lock of the caller's.
    """

    def __init__(self, path: Path, count: int) -> None:
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            # Allocates the blocks: writing to a mapped hole of a full disk would kill the process.
            size = os.fstat(file).st_size
            if size < count * _COUNTER_BYTES:
                os.pwrite(file, bytes(count * _COUNTER_BYTES - size), size)
                os.fdatasync(file)
            self._map = mmap.mmap(file, count * _COUNTER_BYTES)
        finally:
            os.close(file)
        self._words = memoryview(self._map).cast("Q")

    def __getitem__(self, index: int) -> int:
        return self._words[index]

    def __setitem__(self, index: int, number: int) -> None:
        self._words[index] = number

    def __len__(self) -> int:
        return len(self._words)

    def sync(self) -> None:
        """Write the numbers to the disk."""
        self._map.flush()

    def close(self) -> None:
        """Unmap the file."""
        self._words.release()
        self._map.close()


def peek(path: Path, count: int) -> tuple[int, ...]:
    """Read the numbers of a file that another process has mapped. Raises FileNotFoundError."""
    data = path.read_bytes()[: count * _COUNTER_BYTES].ljust(count * _COUNTER_BYTES, b"\0")
    return tuple(memoryview(data).cast("Q"))
