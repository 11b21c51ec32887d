"""Segment files: appended to, forced to the disk, read back, removed whole."""

import errno
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from iotflow_server.telemetry.journal.coordination.file_locks import sync_folder
from iotflow_server.telemetry.journal.disk.encoding import Part
from iotflow_server.telemetry.journal.disk.records import scan

SUFFIX = ".segment"
# The layout's name and version, and when the segment was begun (milliseconds since 1970 UTC).
_FILE_HEAD = struct.Struct("<8sq")
HEAD_SIZE = _FILE_HEAD.size
_LAYOUT = b"IFJRNL01"
# Small records are written with room made behind them: a sync that need not tell the file's new length takes half as
# long (9 kB: 7,400 syncs a second against 2,700; 88 kB: no gain; 2 MB: a loss).
_SMALL_BYTES = 64 * 2**10
_ROOM = bytes(2**20)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Segment:
    """size: bytes up to the end of the last whole record. begun: milliseconds since 1970 UTC. first, last: the numbers of
    its first and last records, 0 without one; first: where this process wrote it."""

    path: Path
    size: int
    begun: int
    entries: int = 0
    first: int = 0
    last: int = 0


class SegmentWriter:
    """A new segment file, appended to by one thread."""

    def __init__(self, path: Path) -> None:
        begun = time.time_ns() // 1_000_000
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self._room_end = 0
        self.segment = Segment(path, 0, begun)
        self.broken = False
        try:
            self._append([_FILE_HEAD.pack(_LAYOUT, begun)])
            sync_folder(path.parent)
        except OSError:
            self.close()
            path.unlink()
            raise

    def append(self, parts: Sequence[Part], numbers: Sequence[int]) -> None:
        """Add records of these numbers; on return the disk has them. OSError: none of them counts as written."""
        self._append(parts)
        self.segment.entries += len(numbers)
        self.segment.first = self.segment.first or numbers[0]
        self.segment.last = numbers[-1]

    def close(self) -> None:
        """Let go of the file."""
        self._cut_back()
        os.close(self._file)

    def _append(self, parts: Sequence[Part]) -> None:
        data = b"".join(parts)
        end = self.segment.size + len(data)
        room = _ROOM if end > self._room_end and len(data) < _SMALL_BYTES else b""
        try:
            self._write(data + room)
        except OSError:
            self._cut_back()
            raise
        try:
            os.fdatasync(self._file)
        except OSError:
            # What the disk has after a failed sync is unknown, and a second sync would say that all is well.
            self.broken = True
            self._cut_back()
            raise
        self._check_linked()
        self.segment.size = end
        self._room_end = max(self._room_end, end + len(room))

    def _check_linked(self) -> None:
        # What somebody has deleted, nobody will find after a crash.
        if not os.fstat(self._file).st_nlink:
            self.broken = True
            raise FileNotFoundError(errno.ENOENT, "the journal was deleted", str(self.segment.path))

    def _write(self, data: bytes) -> None:
        left, place = memoryview(data), self.segment.size
        while left:
            written = os.pwrite(self._file, left, place)
            left, place = left[written:], place + written

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._file, self.segment.size)
            self._room_end = self.segment.size
        except OSError:
            self.broken = True


def found(path: Path) -> Segment | None:
    """A segment that another process left behind; None if it holds nothing that can be read."""
    with path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE or not head.startswith(_LAYOUT):
        _log.warning("journal_segment_unreadable", segment=str(path), bytes=path.stat().st_size)
        if len(head) < HEAD_SIZE or not head.strip(b"\0"):
            # The head is forced to the disk before anything else: nothing in here was acknowledged.
            path.unlink()
        return None
    entries, last = scan(path, HEAD_SIZE)
    return Segment(path, path.stat().st_size, _FILE_HEAD.unpack(head)[1], entries, last=last)
