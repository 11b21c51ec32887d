"""The folder of a queue on disk: segments of records, the highest acknowledged sequence, the device, and a lock.

Everything here blocks: the writer calls it in a thread.
"""

import fcntl
import logging
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grpc import StatusCode

from iotflow import queue_state
from iotflow.errors import ServerError
from iotflow.private_files import make_private_folder, open_private, sync_folder
from iotflow.queue_records import HEADER, Record, RecordDamaged, is_torn, packed, read_payload, records_of

_SUFFIX = ".batches"
_SEGMENT = re.compile(rf"[0-9]{{20}}{re.escape(_SUFFIX)}")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Active:
    """The segment that is written. end: of its last record."""

    segment: int
    descriptor: int
    end: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the file is still in its folder and has its length. Otherwise, what is appended could not be read back."""
        status = os.fstat(self.descriptor)
        return status.st_nlink > 0 and status.st_size >= self.end


class QueueFiles:
    """An open folder, which has one writer at a time.

    folder: created where it does not exist. segment_bytes: size at which a new segment begins.
    records: what is not acknowledged, oldest first. last_sequence: the highest one that was used. device: whose batches these
    are; None: not known. damaged: number of segments of which a part cannot be read. Files that are not of a queue are left alone.
    Raises ServerError QUEUE_IN_USE where another writer has the folder, and OSError.
    """

    def __init__(self, folder: Path, segment_bytes: int) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._active: _Active | None = None
        make_private_folder(folder)
        self._lock = _locked(folder / "lock")
        self.damaged = 0
        try:
            self.device = queue_state.device(folder)
            self.records = self._recovered(queue_state.acknowledged(folder))
        except BaseException:
            # The folder can be opened again.
            os.close(self._lock)
            raise

    def append(self, sequence: int, rows: int, payload: bytes) -> Record:
        """Write a record; sync() makes it durable. After an OSError nothing of it is left."""
        record = packed(payload)
        active = self._active
        if active is None or not active.is_whole or (active.end and active.end + len(record) > self._segment_bytes):
            active = self._begin_segment(sequence)
        try:
            _write_all(active.descriptor, record, active.end)
        except OSError:
            with suppress(OSError):
                os.ftruncate(active.descriptor, active.end)
            raise
        active.end += len(record)
        return Record(sequence, rows, active.segment, active.end - len(payload), len(payload))

    def sync(self) -> None:
        """Make all records durable. After an OSError those since the last sync() are not."""
        if self._active:
            os.fsync(self._active.descriptor)

    def cut(self, record: Record) -> None:
        """Remove a record and all that follow it in its segment, which is the active one."""
        active = self._active
        if active and active.segment == record.segment:
            active.end = record.offset - HEADER.size
            os.ftruncate(active.descriptor, active.end)

    def read(self, record: Record) -> bytes:
        """The payload of a record. Raises RecordDamaged, and OSError where another attempt may succeed."""
        try:
            return read_payload(self._path(record.segment), record)
        except RecordDamaged:
            if self._active and self._active.segment == record.segment:
                # Nothing is appended to a damaged segment: the next opening of the folder would skip it.
                self._close_segment()
            raise

    def acknowledge(self, sequence: int) -> None:
        """Store that everything up to this sequence is settled."""
        queue_state.store_acknowledged(self._folder, sequence)

    def claim(self, device_id: int) -> None:
        """Store whose batches these are."""
        queue_state.store_device(self._folder, device_id)
        self.device = device_id

    def delete(self, segment: int) -> None:
        """Delete a segment, the active one too; the next record begins another one."""
        if self._active and self._active.segment == segment:
            self._close_segment()
        self._path(segment).unlink(missing_ok=True)

    def close(self) -> None:
        """Close all files, and release the lock."""
        self._close_segment()
        os.close(self._lock)

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:020d}{_SUFFIX}"

    def _begin_segment(self, sequence: int) -> _Active:
        self.sync()
        descriptor = open_private(self._path(sequence), os.O_RDWR | os.O_TRUNC)
        try:
            # The name of the file must be as durable as its records.
            sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            raise
        self._close_segment()
        self._active = _Active(sequence, descriptor)
        return self._active

    def _close_segment(self) -> None:
        if self._active:
            os.close(self._active.descriptor)
            self._active = None

    def _recovered(self, acknowledged: int) -> list[Record]:
        segments = _segments(self._folder)
        records = [record for segment in segments for record in self._records(segment, segment == segments[-1])]
        self.last_sequence = max([acknowledged, *(record.sequence for record in records)])
        waiting = [record for record in records if record.sequence > acknowledged]
        needed = {record.segment for record in waiting}
        for segment in segments:
            if segment not in needed:
                self.delete(segment)
        return waiting

    def _records(self, segment: int, is_last: bool) -> list[Record]:
        data = self._path(segment).read_bytes()
        records, end = [], 0
        for record in records_of(data, segment):
            records.append(record)
            end = record.offset + record.size
        if end == len(data):
            return records
        # A process that ended while it wrote leaves one record in pieces, at the very end. A file system that ended may leave
        # zeros in place of what was not synchronized.
        self.damaged += not (is_last and is_torn(data[end:]))
        if is_last:
            os.truncate(self._path(segment), end)
        return records


def _segments(folder: Path) -> list[int]:
    """The first sequences of the segments of a folder, in order. Logs the names of other files of batches."""
    segments = list[int]()
    for path in folder.glob(f"*{_SUFFIX}"):
        if _SEGMENT.fullmatch(path.name):
            segments.append(int(path.stem))
        else:
            log.warning("file is no segment of the queue, and is left alone: %s", path)
    return sorted(segments)


def _locked(path: Path) -> int:
    descriptor = open_private(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        message = f"Another writer uses the queue in {path.parent}. Give each writer a folder of its own."
        raise ServerError(StatusCode.FAILED_PRECONDITION, message, reason="QUEUE_IN_USE") from None
    return descriptor


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, offset)
        left, offset = left[written:], offset + written
