"""What the processes of a disk tell one another: by words that all of them read, and by locks."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from iotflow_server.telemetry.journal.words import Words

_WORDS, _REPLAY = "board", "replay"


class _Word(IntEnum):
    BEHIND = 0
    CLOSED = 1
    DURABLE = 2


class Board:
    """behind: the backend lacks something of the journals; nobody writes to it but the one who replays. closed: nobody
    writes to the journals either. durable: the backend has every record up to this number past a crash; replaying one of
    them could undo what came after it.

    Everybody may set behind. The rest is for the one who replays, and for whoever holds the root's lock.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._words = Words(root / _WORDS, len(_Word))

    @property
    def behind(self) -> bool:
        return bool(self._words[_Word.BEHIND])

    @behind.setter
    def behind(self, behind: bool) -> None:
        self._words[_Word.BEHIND] = behind

    @property
    def closed(self) -> bool:
        return bool(self._words[_Word.CLOSED])

    @closed.setter
    def closed(self, closed: bool) -> None:
        self._words[_Word.CLOSED] = closed

    @property
    def durable(self) -> int:
        return self._words[_Word.DURABLE]

    def raise_durable(self, number: int) -> None:
        """Never lowers it; on return it stays also when the machine dies."""
        self._words[_Word.DURABLE] = max(number, self.durable)
        self._words.sync()

    def reset(self) -> None:
        """Nobody is there, and nobody waits."""
        self.behind = self.closed = False

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """Whether this process is the one to replay, until the block is left or the process ends."""
        lock = os.open(self._root / _REPLAY, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            yield _taken(lock)
        finally:
            os.close(lock)

    def close(self) -> None:
        """Let go of the memory."""
        self._words.close()


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
