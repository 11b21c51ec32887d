"""State that the processes of a disk share: numbers in memory-mapped files, and locks."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from iotflow_server.telemetry.journal.coordination import file_locks

_SIZE = 8


class SharedCounters:
    """A few numbers, 0 to 2^64 - 1, in a small file that each process maps into its memory.

    Each number is read and written atomically. Read-modify-write needs a lock of the caller's.
    """

    def __init__(self, path: Path, count: int) -> None:
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            # Allocates the blocks: writing to a mapped hole of a full disk would kill the process.
            size = os.fstat(file).st_size
            if size < count * _SIZE:
                os.pwrite(file, bytes(count * _SIZE - size), size)
                os.fdatasync(file)
            self._map = mmap.mmap(file, count * _SIZE)
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
    data = path.read_bytes()[: count * _SIZE].ljust(count * _SIZE, b"\0")
    return tuple(memoryview(data).cast("Q"))


_WORDS, _REPLAY, _CLOSING = "board", "replay", "closing"
# The lock is held for an instant only.
_CLOSING_SECONDS = 0.1


class _Word(IntEnum):
    BEHIND = 0
    BLOCKED = 1
    DURABLE = 2


class SharedState:
    """State of all journals of a disk.

    behind: the backend lacks records of the journals; only the replaying process writes to it. appends_blocked: no process
    may append to its journal, for a moment. durable: the backend has every record up to this number durably; replaying one
    of them could undo later writes.

    Any process may set behind. The rest is reserved for the replaying process and for the holder of the root lock.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._words = SharedCounters(root / _WORDS, len(_Word))

    @property
    def behind(self) -> bool:
        return bool(self._words[_Word.BEHIND])

    @behind.setter
    def behind(self, behind: bool) -> None:
        self._words[_Word.BEHIND] = behind

    @property
    def appends_blocked(self) -> bool:
        return bool(self._words[_Word.BLOCKED])

    def block_appends(self) -> None:
        """Block the appends of all processes."""
        self._words[_Word.BLOCKED] = 1

    def allow_appends(self) -> None:
        """Allow appends again, whichever process blocked them. Raises LockTimeout."""
        with file_locks.locked(self._root / _CLOSING, _CLOSING_SECONDS):
            self._words[_Word.BLOCKED] = 0

    def try_clear_behind(self) -> bool:
        """Clear behind, unless another process has allowed appends since; returns whether it was cleared. Raises LockTimeout."""
        with file_locks.locked(self._root / _CLOSING, _CLOSING_SECONDS):
            if self.appends_blocked:
                self.behind = False
            return self.appends_blocked

    @property
    def durable(self) -> int:
        return self._words[_Word.DURABLE]

    def raise_durable(self, number: int) -> None:
        """Raise durable to number, durably; never lowers it."""
        self._words[_Word.DURABLE] = max(number, self.durable)
        self._words.sync()

    def reset(self) -> None:
        """Reset what ended processes left behind. The caller holds the root lock and there is no other process."""
        self.behind = False
        self._words[_Word.BLOCKED] = 0

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """Try to become the replaying process, until the block is left or the process ends; yields whether it is."""
        with file_locks.open_lock(self._root / _REPLAY) as lock:
            yield file_locks.try_lock(lock)

    def close(self) -> None:
        """Unmap the file."""
        self._words.close()
