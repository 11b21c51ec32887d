"""A clock for record numbers: monotonic across all processes of a machine, and across restarts of the machine."""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from iotflow_server.telemetry.journal.coordination.file_locks import sync_folder

_FILE = "clock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Boot id that base belongs to, and base.
_LAYOUT = struct.Struct("<36sq")


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
    boot = _BOOT.read_bytes()[: _LAYOUT.size - 8]
    base = _read(root, boot)
    if base is None:
        base = max(time.time_ns(), highest() + 1) - time.monotonic_ns()
        _write(root, _LAYOUT.pack(boot, base))
    return RecordClock(base)


def _read(root: Path, boot: bytes) -> int | None:
    try:
        boot_id, base = _LAYOUT.unpack((root / _FILE).read_bytes())
    except (FileNotFoundError, struct.error):
        return None
    return int(base) if boot_id == boot else None


def _write(root: Path, data: bytes) -> None:
    new = root / f"{_FILE}.new"
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(root / _FILE)
    sync_folder(root)
