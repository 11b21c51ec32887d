"""All segments of a journal, its own and the adopted ones; changed by one thread."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import structlog

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal.coordination.file_locks import Busy
from iotflow_server.telemetry.journal.coordination.in_flight import InFlightCalls
from iotflow_server.telemetry.journal.coordination.record_clock import Clock, clock_in
from iotflow_server.telemetry.journal.coordination.shared_state import SharedState
from iotflow_server.telemetry.journal.coordination.write_coordinator import Elsewhere
from iotflow_server.telemetry.journal.disk import folders
from iotflow_server.telemetry.journal.disk.encoding import Part, encode
from iotflow_server.telemetry.journal.disk.folders import Folder, locked_root
from iotflow_server.telemetry.journal.disk.records import framed
from iotflow_server.telemetry.journal.disk.segments import SUFFIX, Segment, SegmentWriter, found
from iotflow_server.telemetry.journal.recovery import exclusions
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion
from iotflow_server.telemetry.journal.recovery.history import History
from iotflow_server.telemetry.journal.recovery.replay import ReplayBounds
from iotflow_server.telemetry.ports import Span

# Appends wait meanwhile; whoever asks tries again.
_PATIENCE = 0.2

_log = structlog.get_logger(__name__)


class JournalFiles:
    """sealed: the segments nothing is added to any more. adopted: folders of processes that are gone, which this one has
    taken over. Opened: board, clock, under_way, of all processes and of this one."""

    board: SharedState
    clock: Clock
    under_way: InFlightCalls

    def __init__(self, root: Path, segment_bytes: int) -> None:
        self._root = root
        self._segment_bytes = segment_bytes
        self._names = count(1)
        self._number = 0
        self._writer: SegmentWriter | None = None
        self.adopted: list[Folder] = []
        self.sealed: list[Segment] = []

    def open(self) -> bool:
        """Take a folder of our own, and those whose processes are gone. Answers whether the root was not there before."""
        is_first = not self._root.exists()
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked_root(self._root):
            self.board = SharedState(self._root)
            self._own = folders.create(self._root)
            others = folders.others(self._root, {self._own.path})
            self._adopt(others.gone)
            self.clock = clock_in(self._root, self._highest)
            self.under_way = InFlightCalls(self._own.path, self.clock.now)
            if not others.there:
                self.board.reset()
        return is_first

    def close(self) -> None:
        """Let go of all folders; those without segments are removed."""
        self.seal()
        with locked_root(self._root):
            for folder in (self._own, *self.adopted):
                folder.release()
        self.board.close()
        self.under_way.close()

    @property
    def segments(self) -> list[Segment]:
        """All of them."""
        writer = self._writer
        return [*self.sealed, *([writer.segment] if writer else [])]

    @property
    def has_durable(self) -> bool:
        """Whether there is something to drop, or to end so that it can be dropped."""
        durable, writer = self.board.durable, self._writer
        return any(one.last <= durable for one in self.sealed) or (
            writer is not None and writer.segment.first <= durable
        )

    def look(self) -> Elsewhere:
        """What the other processes are about; takes over from those that are gone."""
        own = {folder.path for folder in (self._own, *self.adopted)}
        try:
            # Appends must not wait for who stands still with the lock.
            with locked_root(self._root, patience=0.0):
                others = folders.others(self._root, own)
                self._adopt(others.gone)
        except Busy:
            return folders.there(self._root, own)
        return others.there

    def others_have_records(self) -> bool:
        """Whether there are any in the journals of processes that run."""
        return any(folders.segments_in(folder) for folder in self.look())

    def append(self, groups: Sequence[Sequence[Batch]]) -> list[int]:
        """Add a record for each group by one sync; answers their numbers. OSError: none counts as written."""
        numbers = [self._next_number() for _ in groups]
        parts: list[Part] = []
        for number, group in zip(numbers, groups, strict=True):
            parts += framed(number, encode(group))
        writer = self._writer or self._begin()
        try:
            writer.append(parts, numbers)
        finally:
            if writer.broken or writer.segment.size >= self._segment_bytes:
                self.seal()
        return numbers

    def tell(self, number: int) -> None:
        """The sender of this record knows what of it was refused."""
        exclusions.acknowledge_rejections(self._own.path, number)

    def seal(self) -> None:
        """End the segment that is written to."""
        if self._writer is not None:
            self._writer.close()
            self.sealed.append(self._writer.segment)
            self._writer = None

    def past(self) -> ReplayBounds:
        """What a replay begins with."""
        with locked_root(self._root, _PATIENCE):
            refused = set[int]().union(
                *(exclusions.acknowledged_rejections(folder) for folder in folders.every(self._root))
            )
            return ReplayBounds(
                History(self._root, self.board.durable), exclusions.recorded_deletions(self._root), refused
            )

    def made_durable(self, number: int) -> None:
        """The backend has all records of all journals up to this number past a crash."""
        with locked_root(self._root, _PATIENCE):
            self._made_durable(number)
        self.drop()

    def flushed(self, number: int) -> None:
        """As made_durable, for who does not replay; nothing, where the backend has fallen behind since."""
        with locked_root(self._root, _PATIENCE):
            # A replay may have begun with these records: it must find all of them, or none.
            if self.board.behind:
                return
            self._made_durable(number)
        self.drop()

    def drop(self) -> None:
        """Remove the segments of which the backend has all, whichever process has seen to it."""
        durable = self.board.durable
        if self._writer is not None and self._writer.segment.first <= durable:
            self.seal()
        for segment in [one for one in self.sealed if one.last <= durable]:
            segment.path.unlink()
            self.sealed.remove(segment)
        if not self.segments:
            exclusions.forget_rejections(self._own.path)
        self._leave_empty_folders()

    def note_deletion(self, device_id: int, span: Span, measurement: str) -> None:
        """Durable on return."""
        with locked_root(self._root, _PATIENCE):
            exclusions.record_deletion(self._root, Deletion(device_id, span, self._next_number(), measurement))

    def _made_durable(self, number: int) -> None:
        # Before any of them goes: to replay what is left of them could undo what is gone.
        self.board.raise_durable(number)
        exclusions.forget_deletions(self._root, number)

    def _next_number(self) -> int:
        self._number = max(self._number + 1, self.clock.now())
        return self._number

    def _begin(self) -> SegmentWriter:
        self._writer = SegmentWriter(self._own.path / f"{next(self._names):012}{SUFFIX}")
        return self._writer

    def _adopt(self, gone: Sequence[Folder]) -> None:
        try:
            segments = [one for folder in gone for path in folder.segments() if (one := found(path))]
        except OSError:
            for folder in gone:
                folder.let_go()
            raise
        for segment in segments:
            _log.info("journal_adopted", segment=str(segment.path), bytes=segment.size, entries=segment.entries)
        self.adopted += gone
        self.sealed += segments

    def _leave_empty_folders(self) -> None:
        empty = [folder for folder in self.adopted if not folder.segments()]
        if empty:
            # Another time will do.
            with suppress(Busy), locked_root(self._root, patience=0.0):
                for folder in empty:
                    self.adopted.remove(folder)
                    folder.release()

    def _highest(self) -> int:
        noted = (deletion.number for deletion in exclusions.recorded_deletions(self._root))
        return max([self.board.durable, *noted, *(segment.last for segment in self.sealed)])
