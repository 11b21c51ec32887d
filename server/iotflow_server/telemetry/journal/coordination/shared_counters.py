"""Numbers in memory that several processes share."""

import mmap
import os
from pathlib import Path

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
