"""Segment files: appended to with a sync, read back, and removed as a whole."""

import errno
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from iotflow_server.telemetry.batch_encoding import Part
from iotflow_server.telemetry.journal.coordination.shared_files import sync_folder
from iotflow_server.telemetry.journal.disk.records import scan

SUFFIX = ".segment"
# Name and version of the layout, and the creation time of the segment (milliseconds since 1970 UTC).
_FILE_HEAD = struct.Struct("<8sq")
HEAD_SIZE = _FILE_HEAD.size
_LAYOUT = b"IFJRNL01"
# Small records are written with preallocated space behind them: a sync without a change of the file size takes half as long
# (9 kB: 7,400 syncs per second instead of 2,700; 88 kB: no gain; 2 MB: a loss).
_SMALL_BYTES = 64 * 2**10
_SPACE = bytes(2**20)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Segment:
    """size: bytes up to the end of the last complete record. begun: milliseconds since 1970 UTC. first, last: numbers of the
    first and last records; 0 if there are none; first is known only to the process that wrote the segment."""

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
        self._space_end = 0
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
        """Append records with these numbers; durable on return. After an OSError none of them counts as written."""
        self._append(parts)
        self.segment.entries += len(numbers)
        self.segment.first = self.segment.first or numbers[0]
        self.segment.last = numbers[-1]

    def close(self) -> None:
        """Truncate and close the file."""
        self._truncate()
        os.close(self._file)

    def _append(self, parts: Sequence[Part]) -> None:
        data = b"".join(parts)
        end = self.segment.size + len(data)
        space = _SPACE if end > self._space_end and len(data) < _SMALL_BYTES else b""
        try:
            self._write(data + space)
        except OSError:
            self._truncate()
            raise
        try:
            os.fdatasync(self._file)
        except OSError:
            # After a failed sync the content of the disk is unknown, and a second sync would report success.
            self.broken = True
            self._truncate()
            raise
        self._check_linked()
        self.segment.size = end
        self._space_end = max(self._space_end, end + len(space))

    def _check_linked(self) -> None:
        # A deleted file cannot be found after a crash.
        if not os.fstat(self._file).st_nlink:
            self.broken = True
            raise FileNotFoundError(errno.ENOENT, "the journal was deleted while it was in use", str(self.segment.path))

    def _write(self, data: bytes) -> None:
        left, offset = memoryview(data), self.segment.size
        while left:
            written = os.pwrite(self._file, left, offset)
            left, offset = left[written:], offset + written

    def _truncate(self) -> None:
        try:
            os.ftruncate(self._file, self.segment.size)
            self._space_end = self.segment.size
        except OSError:
            self.broken = True


def open_segment(path: Path) -> Segment | None:
    """Describe the segment that another process left; None if it is unreadable."""
    with path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE or not head.startswith(_LAYOUT):
        _log.warning("journal_segment_unreadable", segment=str(path), bytes=path.stat().st_size)
        if len(head) < HEAD_SIZE or not head.strip(b"\0"):
            # The head is synced first: without it nothing in the file was acknowledged.
            path.unlink()
        return None
    entries, last = scan(path, HEAD_SIZE)
    return Segment(path, path.stat().st_size, _FILE_HEAD.unpack(head)[1], entries, last=last)
