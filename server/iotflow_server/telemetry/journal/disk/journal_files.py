"""The segments of a journal, its own and the adopted ones; used by one thread."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import structlog

from iotflow_server.telemetry.batch_encoding import Part, encode
from iotflow_server.telemetry.journal.coordination.in_flight import InFlightCalls
from iotflow_server.telemetry.journal.coordination.shared_files import LockTimeout
from iotflow_server.telemetry.journal.coordination.shared_state import RecordClock, SharedState, open_clock
from iotflow_server.telemetry.journal.coordination.write_coordinator import OthersInFlight
from iotflow_server.telemetry.journal.disk import folders
from iotflow_server.telemetry.journal.disk.folders import JournalFolder, locked_root
from iotflow_server.telemetry.journal.disk.records import framed
from iotflow_server.telemetry.journal.disk.segments import SUFFIX, Segment, SegmentWriter, open_segment
from iotflow_server.telemetry.journal.recovery import exclusions
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion
from iotflow_server.telemetry.journal.recovery.history import History
from iotflow_server.telemetry.journal.recovery.replay import ReplayBounds
from iotflow_server.telemetry.multi_device_batch import AnyBatch
from iotflow_server.telemetry.ports import Span

# Longest wait for the root lock, during which appends wait; the caller tries again.
_PATIENCE = 0.2

_log = structlog.get_logger(__name__)


class JournalFiles:
    """sealed: complete segments. adopted: folders taken over from ended processes. Set by open(): own, the folder of this
    process; shared, the state of all processes; clock; in_flight, the calls of this process."""

    own: JournalFolder
    shared: SharedState
    clock: RecordClock
    in_flight: InFlightCalls

    def __init__(self, root: Path, segment_bytes: int) -> None:
        self._root = root
        self._segment_bytes = segment_bytes
        self._names = count(1)
        self._number = 0
        self._writer: SegmentWriter | None = None
        self.adopted: list[JournalFolder] = []
        self.sealed: list[Segment] = []

    def open(self) -> bool:
        """Create a folder of its own and adopt those of ended processes. Returns whether the root is new."""
        is_first = not self._root.exists()
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked_root(self._root):
            self.shared = SharedState(self._root)
            self.own = folders.create(self._root)
            others = folders.other_folders(self._root, {self.own.path})
            self._adopt(others.abandoned)
            self.clock = open_clock(self._root, self._highest)
            self.in_flight = InFlightCalls(self.own.path, self.clock.now)
            if not others.in_use:
                self.shared.reset()
        return is_first

    def close(self) -> None:
        """Unlock all folders; those without segments are removed."""
        self.seal()
        with locked_root(self._root):
            for folder in (self.own, *self.adopted):
                folder.release()
        self.shared.close()
        self.in_flight.close()

    @property
    def segments(self) -> list[Segment]:
        """All segments, sealed or not."""
        writer = self._writer
        return [*self.sealed, *([writer.segment] if writer else [])]

    @property
    def has_durable(self) -> bool:
        """Whether there are durable records to drop, perhaps after sealing their segment."""
        durable, writer = self.shared.durable, self._writer
        return any(one.last <= durable for one in self.sealed) or (
            writer is not None and writer.segment.first <= durable
        )

    def others_in_flight(self) -> OthersInFlight:
        """The calls in progress in other processes; adopts the folders of ended processes."""
        own = {folder.path for folder in (self.own, *self.adopted)}
        try:
            # Appends must not wait for a process that holds the lock and hangs.
            with locked_root(self._root, patience=0.0):
                others = folders.other_folders(self._root, own)
                self._adopt(others.abandoned)
        except LockTimeout:
            return folders.in_use(self._root, own)
        return others.in_use

    def others_have_records(self) -> bool:
        """Whether the journals of other running processes have records."""
        return any(folders.segments_in(folder) for folder in self.others_in_flight())

    def append(self, groups: Sequence[Sequence[AnyBatch]]) -> list[int]:
        """Append a record for each group by one sync; returns their numbers. After an OSError none counts as written."""
        numbers = [self._next_number() for _ in groups]
        parts: list[Part] = []
        for number, group in zip(numbers, groups, strict=True):
            parts += framed(number, encode(group))
        writer = self._writer or self._new_segment()
        try:
            writer.append(parts, numbers)
        finally:
            if writer.broken or writer.segment.size >= self._segment_bytes:
                self.seal()
        return numbers

    def acknowledge_rejections(self, number: int) -> None:
        """Record that the sender of a record knows its rejections."""
        exclusions.acknowledge_rejections(self.own.path, number)

    def seal(self) -> None:
        """Close the current segment."""
        if self._writer is not None:
            self._writer.close()
            self.sealed.append(self._writer.segment)
            self._writer = None

    def replay_bounds(self) -> ReplayBounds:
        """The state from which a replay begins."""
        with locked_root(self._root, _PATIENCE):
            acknowledged = set[int]().union(
                *(exclusions.acknowledged_rejections(folder) for folder in folders.all_folders(self._root))
            )
            return ReplayBounds(
                History(self._root, self.shared.durable), exclusions.recorded_deletions(self._root), acknowledged
            )

    def mark_durable(self, number: int) -> None:
        """Record that the backend has all records of all journals up to this number durably."""
        with locked_root(self._root, _PATIENCE):
            self._raise_durable(number)
        self.drop()

    def mark_flushed(self, number: int) -> bool:
        """As mark_durable, for a process that does not replay. Returns False, and does nothing, if the backend has fallen
        behind since."""
        with locked_root(self._root, _PATIENCE):
            # A replay may have begun with these records: it must find either all of them or none.
            if self.shared.behind:
                return False
            self._raise_durable(number)
        self.drop()
        return True

    def drop(self) -> None:
        """Remove the segments whose records are all durable in the backend, whichever process made them so."""
        durable = self.shared.durable
        if self._writer is not None and self._writer.segment.first <= durable:
            self.seal()
        for segment in [one for one in self.sealed if one.last <= durable]:
            segment.path.unlink()
            self.sealed.remove(segment)
        if not self.segments:
            exclusions.forget_rejections(self.own.path)
        self._remove_empty_folders()

    def record_deletion(self, device_id: int, span: Span, measurement: str) -> None:
        """Record a deletion, durably."""
        with locked_root(self._root, _PATIENCE):
            exclusions.record_deletion(self._root, Deletion(device_id, span, self._next_number(), measurement))

    def _raise_durable(self, number: int) -> None:
        # Before the first segment is removed: replaying the remaining ones could undo the removed records.
        self.shared.raise_durable(number)
        exclusions.forget_deletions(self._root, number)

    def _next_number(self) -> int:
        self._number = max(self._number + 1, self.clock.now())
        return self._number

    def _new_segment(self) -> SegmentWriter:
        self._writer = SegmentWriter(self.own.path / f"{next(self._names):012}{SUFFIX}")
        return self._writer

    def _adopt(self, abandoned: Sequence[JournalFolder]) -> None:
        try:
            segments = [one for folder in abandoned for path in folder.segments() if (one := open_segment(path))]
        except OSError:
            for folder in abandoned:
                folder.unlock()
            raise
        for segment in segments:
            _log.info("journal_adopted", segment=str(segment.path), bytes=segment.size, entries=segment.entries)
        self.adopted += abandoned
        self.sealed += segments

    def _remove_empty_folders(self) -> None:
        empty = [folder for folder in self.adopted if not folder.segments()]
        if empty:
            # If the lock is busy, a later call removes them.
            with suppress(LockTimeout), locked_root(self._root, patience=0.0):
                for folder in empty:
                    self.adopted.remove(folder)
                    folder.release()

    def _highest(self) -> int:
        recorded = (deletion.number for deletion in exclusions.recorded_deletions(self._root))
        return max([self.shared.durable, *recorded, *(segment.last for segment in self.sealed)])
