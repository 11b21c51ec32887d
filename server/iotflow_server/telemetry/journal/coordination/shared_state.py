"""What all journals of a disk share: the state of the backend, and the clock of the record numbers."""

import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from iotflow_server.telemetry.journal.coordination import shared_files
from iotflow_server.telemetry.journal.coordination.shared_files import SharedCounters, peek, sync_folder

_WORDS, _REPLAY, _CLOSING = "board", "replay", "closing"
# The lock is held for an instant only.
_CLOSING_SECONDS = 0.1
_CLOCK = "clock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Boot id that base belongs to, and base.
_CLOCK_LAYOUT = struct.Struct("<36sq")


class _StateWord(IntEnum):
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
        self._words = SharedCounters(root / _WORDS, len(_StateWord))

    @property
    def behind(self) -> bool:
        return bool(self._words[_StateWord.BEHIND])

    @behind.setter
    def behind(self, behind: bool) -> None:
        self._words[_StateWord.BEHIND] = behind

    @property
    def appends_blocked(self) -> bool:
        return bool(self._words[_StateWord.BLOCKED])

    def block_appends(self) -> None:
        """Block the appends of all processes."""
        self._words[_StateWord.BLOCKED] = 1

    def allow_appends(self) -> None:
        """Allow appends again, whichever process blocked them. Raises LockTimeout."""
        with shared_files.locked(self._root / _CLOSING, _CLOSING_SECONDS):
            self._words[_StateWord.BLOCKED] = 0

    def try_clear_behind(self) -> bool:
        """Clear behind, unless another process has allowed appends since; returns whether it was cleared. Raises LockTimeout."""
        with shared_files.locked(self._root / _CLOSING, _CLOSING_SECONDS):
            if self.appends_blocked:
                self.behind = False
            return self.appends_blocked

    @property
    def durable(self) -> int:
        return self._words[_StateWord.DURABLE]

    def raise_durable(self, number: int) -> None:
        """Raise durable to number, durably; never lowers it."""
        self._words[_StateWord.DURABLE] = max(number, self.durable)
        self._words.sync()

    def reset(self) -> None:
        """Reset what ended processes left behind. The caller holds the root lock and there is no other process."""
        self.behind = False
        self._words[_StateWord.BLOCKED] = 0

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """Try to become the replaying process, until the block is left or the process ends; yields whether it is."""
        with shared_files.open_lock(self._root / _REPLAY) as lock:
            yield shared_files.try_lock(lock)

    def close(self) -> None:
        """Unmap the file."""
        self._words.close()


def durable_in(root: Path) -> int:
    """`durable` of the journals under root, for a process without a journal of its own; 0 before the first journal."""
    try:
        return peek(root / _WORDS, len(_StateWord))[_StateWord.DURABLE]
    except FileNotFoundError:
        return 0


class RecordClock:
    """base: nanoseconds at the boot of the machine."""

    def __init__(self, base: int) -> None:
        self._base = base

    def now(self) -> int:
        """Nanoseconds; a later call, in any process, returns no smaller number."""
        return self._base + time.monotonic_ns()


def open_clock(root: Path, highest: Callable[[], int]) -> RecordClock:
    """The clock of all journals under root. The caller holds the root lock.

    highest: returns the largest number under root; called after a restart of the machine.
    """
    boot = _boot_id()
    base = _read_base(root, boot)
    if base is None:
        base = max(time.time_ns(), highest() + 1) - time.monotonic_ns()
        _write_base(root, _CLOCK_LAYOUT.pack(boot, base))
    return RecordClock(base)


def recorded_clock(root: Path) -> RecordClock | None:
    """The clock of all journals under root; None if no process has used them since the boot of the machine."""
    base = _read_base(root, _boot_id())
    return None if base is None else RecordClock(base)


def _boot_id() -> bytes:
    return _BOOT.read_bytes()[: _CLOCK_LAYOUT.size - 8]


def _read_base(root: Path, boot: bytes) -> int | None:
    try:
        boot_id, base = _CLOCK_LAYOUT.unpack((root / _CLOCK).read_bytes())
    except (FileNotFoundError, struct.error):
        return None
    return int(base) if boot_id == boot else None


def _write_base(root: Path, data: bytes) -> None:
    new = root / f"{_CLOCK}.new"
    new.touch(mode=0o600)
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(root / _CLOCK)
    sync_folder(root)
