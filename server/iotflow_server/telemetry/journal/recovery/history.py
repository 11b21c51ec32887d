"""The records of all journals of a disk as one sequence."""

import heapq
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import structlog

from iotflow_server.telemetry.journal.disk import folders
from iotflow_server.telemetry.journal.disk.records import HEADER_SIZE, Record, read_records
from iotflow_server.telemetry.journal.disk.segments import HEAD_SIZE

_log = structlog.get_logger(__name__)


class History:
    """The records of all journals under root with numbers above `after`, in ascending order. Used by one thread at a time."""

    def __init__(self, root: Path, after: int) -> None:
        self._root = root
        self._after = after
        self._readers: dict[Path, FolderReader] = {}

    def until(self, number: int) -> Iterator[Record]:
        """Yield the next records up to this number; all of them must be on the disk."""
        for folder in folders.all_folders(self._root):
            self._readers.setdefault(folder, FolderReader(folder, self._after))
        ids = count()
        heap: list[tuple[int, int, Record, FolderReader]] = []

        def push(reader: FolderReader) -> None:
            if record := reader.next(number):
                heapq.heappush(heap, (record.number, next(ids), record, reader))

        for reader in self._readers.values():
            push(reader)
        while heap:
            _, _, record, reader = heapq.heappop(heap)
            reader.consume()
            yield record
            push(reader)

    def finish(self) -> None:
        """Log unreadable data behind the last records."""
        for reader in self._readers.values():
            reader.finish()


class FolderReader:
    """The records of one folder with numbers above `after`; continues when more are appended."""

    def __init__(self, folder: Path, after: int) -> None:
        self._folder = folder
        self._after = after
        self._segment: Path | None = None
        self._offset = 0
        self._records: Iterator[Record] = iter(())
        self._next: Record | None = None

    def next(self, until: int) -> Record | None:
        """The next record, which stays the same until it is consumed; None if there is none up to this number."""
        while self._next is None and (record := self._read()):
            if record.number > until:
                # The record may be incomplete, and may be overwritten by another one.
                self._records = iter(())
                break
            self._offset = record.end
            if record.number > self._after:
                self._next = record
        return self._next

    def consume(self) -> None:
        """Advance to the record behind the next one."""
        self._next = None

    def finish(self) -> None:
        """Log data behind the position in the current segment, which is complete."""
        if self._segment is not None and any(_rest(self._segment, self._offset)):
            # On a sound disk this is a write that was in progress when its process died, and was never acknowledged.
            _log.warning("journal_tail_unreadable", segment=str(self._segment), offset=self._offset)

    def _read(self) -> Record | None:
        while (record := self._read_segment()) is None:
            following = self._next_segment()
            if following is None:
                return None
            # The current segment may have grown until the later one was created.
            if record := self._read_segment():
                return record
            self.finish()
            self._segment, self._offset, self._records = following, HEAD_SIZE, iter(())
        return record

    def _read_segment(self) -> Record | None:
        record = next(self._records, None)
        if record is None and self._segment is not None:
            # read_records stops at the size that the file had when it was opened.
            self._records = read_records(self._segment, self._offset)
            record = next(self._records, None)
        return record

    def _next_segment(self) -> Path | None:
        segments = folders.segments_in(self._folder)
        return next((path for path in segments if self._segment is None or path > self._segment), None)


def _rest(path: Path, start: int) -> bytes:
    """The bytes at the position of the next record header; zeros in preallocated space."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(HEADER_SIZE)
    except FileNotFoundError:
        return b""
