"""Calls that are being carried out, such that other processes see when the oldest of them began."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import NamedTuple

from iotflow_server.telemetry.journal.coordination.shared_state import SharedCounters, peek

_FILE = "under-way"


class _Word(IntEnum):
    APPENDS = 0
    DIRECTS = 1


class OldestCall(NamedTuple):
    """Of one process, the clock's number at which the oldest began of the calls that write to its journal, and of those
    that are before the backend, which may take longer; 0: there is none."""

    appends: int
    directs: int


class Calls:
    """Those of one kind. word: where the others look."""

    def __init__(self, words: SharedCounters, word: _Word, now: Callable[[], int]) -> None:
        self._words = words
        self._word = word
        self._now = now
        self._turns = count()
        # In the order in which they began.
        self._begun: dict[int, int] = {}

    @contextmanager
    def call(self) -> Iterator[None]:
        turn = next(self._turns)
        self._begun[turn] = begun = self._now()
        if len(self._begun) == 1:
            self._words[self._word] = begun
        try:
            yield
        finally:
            was_oldest = turn == next(iter(self._begun))
            del self._begun[turn]
            if was_oldest:
                self._words[self._word] = next(iter(self._begun.values()), 0)


class InFlightCalls:
    """What this process is about; folder: its journal's."""

    def __init__(self, folder: Path, now: Callable[[], int]) -> None:
        self._words = SharedCounters(folder / _FILE, len(_Word))
        self.appends = Calls(self._words, _Word.APPENDS, now)
        self.directs = Calls(self._words, _Word.DIRECTS, now)

    @property
    def oldest(self) -> OldestCall:
        return OldestCall(*(self._words[word] for word in _Word))

    def close(self) -> None:
        """Let go of the memory."""
        self._words.close()


def oldest_in(folder: Path) -> OldestCall:
    """What the process that has this folder is about; nothing, where it has hardly begun."""
    try:
        return OldestCall(*peek(folder / _FILE, len(_Word)))
    except FileNotFoundError:
        return OldestCall(0, 0)


def forget(folder: Path) -> None:
    """The process that had this folder is gone, and whatever it was about."""
    (folder / _FILE).unlink(missing_ok=True)
