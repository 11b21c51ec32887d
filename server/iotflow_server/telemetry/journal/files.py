"""All segments of a journal, its own and the adopted ones; changed by one thread."""

import time
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import structlog

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal import deletions, folders
from iotflow_server.telemetry.journal.deletions import BEHIND_ALL, Deletion
from iotflow_server.telemetry.journal.encoding import Part, encode
from iotflow_server.telemetry.journal.records import framed
from iotflow_server.telemetry.journal.segments import SUFFIX, Segment, SegmentWriter, found, sync_folder
from iotflow_server.telemetry.store import Span

_log = structlog.get_logger(__name__)


class JournalFiles:
    """sealed: the segments nothing is added to any more, oldest first."""

    def __init__(self, root: Path, segment_bytes: int) -> None:
        self._root = root
        self._segment_bytes = segment_bytes
        self._names = count(1)
        self._number = 0
        self._folders: list[folders.Folder] = []
        self._writer: SegmentWriter | None = None
        self.sealed: list[Segment] = []

    def open(self) -> bool:
        """Take a folder of our own, and those whose processes are gone. Answers whether the root was not there before."""
        is_first = not self._root.exists()
        self._own = folders.create(self._root)
        adopted = folders.adopt(self._root)
        self._folders = [self._own, *adopted]
        for folder in self._folders:
            deletions.prepare(folder.path)
        histories = [_history(folder) for folder in adopted]
        # Within a folder the order is certain. Among folders it is by the clock: processes that ran one after the other.
        histories.sort(key=lambda history: history[0].begun if history else 0)
        self.sealed = [segment for history in histories for segment in history]
        for segment in self.sealed:
            _log.info("journal_adopted", segment=str(segment.path), bytes=segment.size, entries=segment.entries)
        return is_first

    def close(self) -> None:
        """Let go of all folders; those without segments are removed."""
        self.seal()
        for folder in self._folders:
            folder.release()

    @property
    def is_inherited(self) -> bool:
        """Whether folders were taken over, even empty ones."""
        return len(self._folders) > 1

    @property
    def segments(self) -> list[Segment]:
        """All of them, oldest first."""
        writer = self._writer
        return [*self.sealed, *([writer.segment] if writer else [])]

    def append(self, groups: Sequence[Sequence[Batch]]) -> list[int]:
        """Add a record for each group by one sync; answers their numbers. OSError: none counts as written."""
        numbers = [self._next_number() for _ in groups]
        parts: list[Part] = []
        for number, group in zip(numbers, groups, strict=True):
            parts += framed(number, encode(group))
        writer = self._writer or self._begin()
        try:
            writer.append(parts, len(groups), numbers[-1])
        finally:
            if writer.broken or writer.segment.size >= self._segment_bytes:
                self.seal()
        return numbers

    def seal(self) -> list[Segment]:
        """End the segment that is written to; answers all sealed ones, oldest first."""
        if self._writer is not None:
            self._writer.close()
            self.sealed.append(self._writer.segment)
            self._writer = None
        return list(self.sealed)

    def drop(self, segments: Iterable[Segment]) -> None:
        """Remove sealed segments, given oldest first.

        Each removal is durable before the next: what a crash leaves is the newest part without a gap, and replaying that
        undoes nothing.
        """
        for segment in segments:
            segment.path.unlink()
            sync_folder(segment.path.parent)
            self.sealed.remove(segment)
        if not self.segments:
            with folders.locked_root(self._root):
                for folder in self._folders:
                    deletions.forget(folder.path)

    def others(self) -> list[Path]:
        """The folders of other processes' journals."""
        own = {folder.path for folder in self._folders}
        with folders.locked_root(self._root):
            return [path for path in folders.every(self._root) if path not in own]

    def note_deletion(self, folder: Path, device_id: int, span: Span) -> None:
        """Tell the journal of another process, whose folder is held; durable on return."""
        with folders.locked_root(self._root):
            if folder.exists():
                # Its records are numbered by the clock of this boot, or all of them are older.
                number = self._next_number() if folders.is_of_this_boot(folder) else BEHIND_ALL
                deletions.note(folder, Deletion(device_id, span, number))

    def _next_number(self) -> int:
        # The clock of all processes of this machine, so that a deletion by one can be told from what another wrote after.
        self._number = max(self._number + 1, time.monotonic_ns())
        return self._number

    def _begin(self) -> SegmentWriter:
        self._writer = SegmentWriter(self._own.path / f"{next(self._names):012}{SUFFIX}")
        return self._writer


def _history(folder: folders.Folder) -> list[Segment]:
    return [segment for path in folder.segments() if (segment := found(path)) is not None]
