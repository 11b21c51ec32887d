"""Calls in progress, and the time at which the oldest of them began, visible to other processes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import NamedTuple

from iotflow_server.telemetry.journal.coordination.shared_files import SharedCounters, peek

_FILE = "under-way"


class _CallWord(IntEnum):
    APPENDS = 0
    BACKEND_WRITES = 1


class OldestCall(NamedTuple):
    """Clock numbers at which the oldest calls of one process began: of the appends to its journal, and of the writes to the
    backend, which may take longer; 0: there is none."""

    appends: int
    backend_writes: int


class CallTracker:
    """Calls of one kind. word: the shared number that shows the oldest one."""

    def __init__(self, words: SharedCounters, word: _CallWord, now: Callable[[], int]) -> None:
        self._words = words
        self._word = word
        self._now = now
        self._ids = count()
        # In the order in which they began.
        self._begun: dict[int, int] = {}

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call is in progress until the block is left."""
        id_ = next(self._ids)
        self._begun[id_] = begun = self._now()
        if len(self._begun) == 1:
            self._words[self._word] = begun
        try:
            yield
        finally:
            was_oldest = id_ == next(iter(self._begun))
            del self._begun[id_]
            if was_oldest:
                self._words[self._word] = next(iter(self._begun.values()), 0)


class InFlightCalls:
    """Calls in progress in this process. folder: of its journal."""

    def __init__(self, folder: Path, now: Callable[[], int]) -> None:
        self._words = SharedCounters(folder / _FILE, len(_CallWord))
        self.appends = CallTracker(self._words, _CallWord.APPENDS, now)
        self.backend_writes = CallTracker(self._words, _CallWord.BACKEND_WRITES, now)

    @property
    def oldest(self) -> OldestCall:
        """The oldest calls of this process."""
        return OldestCall(*(self._words[word] for word in _CallWord))

    def close(self) -> None:
        """Unmap the shared numbers."""
        self._words.close()


def oldest_in(folder: Path) -> OldestCall:
    """The oldest calls of the process that owns a folder; none if it has just started."""
    try:
        return OldestCall(*peek(folder / _FILE, len(_CallWord)))
    except FileNotFoundError:
        return OldestCall(0, 0)


def forget(folder: Path) -> None:
    """Remove the calls of an ended process."""
    (folder / _FILE).unlink(missing_ok=True)
