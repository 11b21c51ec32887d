"""What all journals of a disk hold, as one sequence."""

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
    """The records of all journals under root, by their numbers; only those behind `after`. Used by one thread at a time."""

    def __init__(self, root: Path, after: int) -> None:
        self._root = root
        self._after = after
        self._readers: dict[Path, Reader] = {}

    def until(self, number: int) -> Iterator[Record]:
        """Those up to this number that were not answered yet; all of them must be on the disk."""
        for folder in folders.every(self._root):
            self._readers.setdefault(folder, Reader(folder, self._after))
        turns = count()
        heap: list[tuple[int, int, Record, Reader]] = []

        def push(reader: Reader) -> None:
            if record := reader.next(number):
                heapq.heappush(heap, (record.number, next(turns), record, reader))

        for reader in self._readers.values():
            push(reader)
        while heap:
            _, _, record, reader = heapq.heappop(heap)
            reader.taken()
            yield record
            push(reader)

    def end(self) -> None:
        """There is nothing more to come: what cannot be read is told."""
        for reader in self._readers.values():
            reader.leave()


class Reader:
    """The records of one folder behind `after`; it goes on where it stood when more have come."""

    def __init__(self, folder: Path, after: int) -> None:
        self._folder = folder
        self._after = after
        self._segment: Path | None = None
        self._place = 0
        self._records: Iterator[Record] = iter(())
        self._next: Record | None = None

    def next(self, until: int) -> Record | None:
        """The next record, which stays the next one until it is taken; None: there is none up to this number."""
        while self._next is None and (record := self._read()):
            if record.number > until:
                # It may not be whole yet, and another may stand in its place later.
                self._records = iter(())
                break
            self._place = record.end
            if record.number > self._after:
                self._next = record
        return self._next

    def taken(self) -> None:
        """The next record is another one."""
        self._next = None

    def leave(self) -> None:
        """Nothing comes behind where it stands in its segment; tell if there is something all the same."""
        if self._segment is not None and any(_rest(self._segment, self._place)):
            # A write that was under way when its process died was never acknowledged. On a sound disk it is that.
            _log.warning("journal_tail_unreadable", segment=str(self._segment), offset=self._place)

    def _read(self) -> Record | None:
        while (record := self._read_here()) is None:
            later = self._later()
            if later is None:
                return None
            # It may have been written to until the later one was begun.
            if record := self._read_here():
                return record
            self.leave()
            self._segment, self._place, self._records = later, HEAD_SIZE, iter(())
        return record

    def _read_here(self) -> Record | None:
        record = next(self._records, None)
        if record is None and self._segment is not None:
            # A file is as long as it was when it was opened.
            self._records = read_records(self._segment, self._place)
            record = next(self._records, None)
        return record

    def _later(self) -> Path | None:
        segments = folders.segments_in(self._folder)
        return next((path for path in segments if self._segment is None or path > self._segment), None)


def _rest(path: Path, start: int) -> bytes:
    """What stands where a record would begin; nothing but zeros in room that was made and not used."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(HEADER_SIZE)
    except FileNotFoundError:
        return b""
