"""Copies of journals: the records that the backend may lack, and a new journal made of records."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from heapq import merge
from itertools import count
from math import inf
from pathlib import Path

from iotflow_server.telemetry.batch_encoding import decode, encode
from iotflow_server.telemetry.journal.coordination.shared_files import sync_folder
from iotflow_server.telemetry.journal.coordination.shared_state import durable_in, recorded_clock
from iotflow_server.telemetry.journal.disk import folders
from iotflow_server.telemetry.journal.disk.records import Record, read_records
from iotflow_server.telemetry.journal.disk.segments import HEAD_SIZE, SUFFIX, SegmentWriter
from iotflow_server.telemetry.journal.recovery import exclusions
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion, without_deleted

# Longest wait for the root lock, which the server holds for an instant only.
_PATIENCE = 10.0
_SEGMENT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class JournalTail:
    """The records of all journals of a disk that the backend may lack, as they were when the tail was opened.

    Its files stay open, so that the records stay readable after their segments are removed. acknowledged: numbers of the
    records whose senders know their rejections.
    """

    acknowledged: set[int]
    _segments: Sequence[Sequence[Path]]
    _deletions: Sequence[Deletion]
    _durable: int
    _until: float

    def records(self) -> Iterator[Record]:
        """Yield the records in the order of their numbers, without the readings that were deleted later."""
        for record in merge(*map(self._of_folder, self._segments), key=lambda record: record.number):
            yield self._without_deleted(record)

    def _of_folder(self, segments: Sequence[Path]) -> Iterator[Record]:
        for segment in segments:
            for record in read_records(segment, HEAD_SIZE):
                if self._durable < record.number <= self._until:
                    yield record

    def _without_deleted(self, record: Record) -> Record:
        if not any(deletion.number > record.number for deletion in self._deletions):
            return record
        kept = [without_deleted(batch, record.number, self._deletions) for batch in decode(record.payload)]
        return replace(record, payload=b"".join(encode(kept)))


def is_in_use(root: Path) -> bool:
    """Whether a running process has a journal under root. Raises LockTimeout, OSError."""
    if not root.exists():
        return False
    with folders.locked_root(root, _PATIENCE):
        others = folders.other_folders(root, set())
        for folder in others.abandoned:
            folder.unlock()
    return bool(others.in_use)


@contextmanager
def opened_tail(root: Path) -> Iterator[JournalTail]:
    """The tail of the journals under root; empty if there are none. Raises LockTimeout, OSError."""
    if not root.exists():
        yield JournalTail(set(), (), (), 0, 0)
        return
    with ExitStack() as files:
        # Under the lock, no process makes further records durable: each segment that is removed meanwhile, and each record
        # up to this number, is in the backend already.
        with folders.locked_root(root, _PATIENCE):
            all_folders = folders.all_folders(root)
            tail = JournalTail(
                set().union(*map(exclusions.acknowledged_rejections, all_folders)),
                [_opened(folder, files) for folder in all_folders],
                exclusions.recorded_deletions(root),
                durable_in(root),
                clock.now() if (clock := recorded_clock(root)) else inf,
            )
        yield tail


def _opened(folder: Path, files: ExitStack) -> list[Path]:
    """Paths of the segments by which this process can read them until the stack is closed."""
    found = []
    for path in folders.segments_in(folder):
        with suppress(FileNotFoundError):
            file = files.enter_context(path.open("rb"))
            found.append(Path(f"/proc/self/fd/{file.fileno()}"))
    return found


class NewJournal:
    """A journal that the next server adopts and replays. root: folder of the journals, created."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700)
        self._folder = root / secrets.token_hex(8)
        self._folder.mkdir(mode=0o700)
        self._names = count(1)
        self._writer: SegmentWriter | None = None

    def append(self, records: bytes) -> None:
        """Append framed records, behind and with higher numbers than the earlier ones; durable on return."""
        writer = self._writer or SegmentWriter(self._folder / f"{next(self._names):012}{SUFFIX}")
        self._writer = writer
        writer.append([records], [1])
        if writer.segment.size >= _SEGMENT_BYTES:
            self._seal()

    def acknowledge_rejections(self, number: int) -> None:
        """Record that the sender of a record knows its rejections."""
        exclusions.acknowledge_rejections(self._folder, number)

    def close(self) -> None:
        """Complete the files."""
        self._seal()
        sync_folder(self._folder)
        sync_folder(self._folder.parent)

    def _seal(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
