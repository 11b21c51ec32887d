"""What the processes of a disk tell one another: by words that all of them read, and by locks."""

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

    One is read and written whole. Who has to read it before writing sees to it that nobody else writes meanwhile.
    """

    def __init__(self, path: Path, count: int) -> None:
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            # Room that is really there: memory for which a full disk has none would end the process.
            there = os.fstat(file).st_size
            if there < count * _SIZE:
                os.pwrite(file, bytes(count * _SIZE - there), there)
                os.fdatasync(file)
            self._map = mmap.mmap(file, count * _SIZE)
        finally:
            os.close(file)
        self._words = memoryview(self._map).cast("Q")

    def __getitem__(self, place: int) -> int:
        return self._words[place]

    def __setitem__(self, place: int, number: int) -> None:
        self._words[place] = number

    def __len__(self) -> int:
        return len(self._words)

    def sync(self) -> None:
        """On return the disk has them."""
        self._map.flush()

    def close(self) -> None:
        """Let go of the memory."""
        self._words.release()
        self._map.close()


def peek(path: Path, count: int) -> tuple[int, ...]:
    """The numbers as they are in a file that another process has mapped. FileNotFoundError: it is gone."""
    data = path.read_bytes()[: count * _SIZE].ljust(count * _SIZE, b"\0")
    return tuple(memoryview(data).cast("Q"))


_WORDS, _REPLAY, _CLOSING = "board", "replay", "closing"
# What is done under that lock takes no time.
_CLOSING_SECONDS = 0.1


class _Word(IntEnum):
    BEHIND = 0
    CLOSED = 1
    DURABLE = 2


class SharedState:
    """behind: the backend lacks something of the journals; nobody writes to it but the one who replays. closed: nobody
    adds to the journals either, for a moment. durable: the backend has every record up to this number past a crash; replaying one of
    them could undo what came after it.

    Everybody may set behind. The rest is for the one who replays, and for whoever holds the root's lock.
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
    def closed(self) -> bool:
        return bool(self._words[_Word.CLOSED])

    def close_journals(self) -> None:
        """Keep everybody out."""
        self._words[_Word.CLOSED] = 1

    def open_journals(self) -> None:
        """Let everybody in again, whoever closed them. Raises Busy."""
        with file_locks.held(self._root / _CLOSING, _CLOSING_SECONDS):
            self._words[_Word.CLOSED] = 0

    def catch_up(self) -> bool:
        """Nothing is lacking, and so nobody is behind any more; unless the journals were opened meanwhile. Raises Busy."""
        with file_locks.held(self._root / _CLOSING, _CLOSING_SECONDS):
            if self.closed:
                self.behind = False
            return self.closed

    @property
    def durable(self) -> int:
        return self._words[_Word.DURABLE]

    def raise_durable(self, number: int) -> None:
        """Never lowers it; on return it stays also when the machine dies."""
        self._words[_Word.DURABLE] = max(number, self.durable)
        self._words.sync()

    def reset(self) -> None:
        """Nobody is there, and nobody waits."""
        self.behind = False
        self._words[_Word.CLOSED] = 0

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """Whether this process is the one to replay, until the block is left or the process ends."""
        with file_locks.tried(self._root / _REPLAY) as lock:
            yield file_locks.take(lock)

    def close(self) -> None:
        """Let go of the memory."""
        self._words.close()
