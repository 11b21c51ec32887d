"""A clock by which all processes of a machine number what they do, also after it was started again."""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from iotflow_server.telemetry.journal.coordination.file_locks import sync_folder

_FILE = "clock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# The machine's start that base belongs to, and what is added to the time since then.
_LAYOUT = struct.Struct("<36sq")


class Clock:
    """base: nanoseconds at the machine's start."""

    def __init__(self, base: int) -> None:
        self._base = base

    def now(self) -> int:
        """Nanoseconds; what is called later, by whichever process, gets no smaller number."""
        return self._base + time.monotonic_ns()


def clock_in(root: Path, highest: Callable[[], int]) -> Clock:
    """The clock of all journals under root; asked for by one process at a time.

    highest: the largest number that anything under root has; asked where the machine has been started since.
    """
    boot = _BOOT.read_bytes()[: _LAYOUT.size - 8]
    base = _read(root, boot)
    if base is None:
        base = max(time.time_ns(), highest() + 1) - time.monotonic_ns()
        _write(root, _LAYOUT.pack(boot, base))
    return Clock(base)


def _read(root: Path, boot: bytes) -> int | None:
    try:
        noted, base = _LAYOUT.unpack((root / _FILE).read_bytes())
    except (FileNotFoundError, struct.error):
        return None
    return int(base) if noted == boot else None


def _write(root: Path, data: bytes) -> None:
    new = root / f"{_FILE}.new"
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(root / _FILE)
    sync_folder(root)
