"""The asynchronous journal: appends share syncs, and one thread accesses the files."""

import asyncio
import errno
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from iotflow.log_limits import LogLimit
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.coordination.write_coordinator import OthersInFlight, WriteCoordinator
from iotflow_server.telemetry.journal.disk.journal_files import JournalFiles
from iotflow_server.telemetry.journal.recovery.replay import ReplayBounds
from iotflow_server.telemetry.multi_device_batch import AnyBatch
from iotflow_server.telemetry.ports import Span

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PendingAppend:
    """A group that is being appended; number is set when it is durable."""

    group: Sequence[AnyBatch]
    number: asyncio.Future[int]


class Journal:
    """Keeps groups of batches on the local disk until they are dropped.

    Group commit without a timer: groups that arrive while the disk is busy share the next sync. limit_bytes: size above
    which no more groups are accepted; the last one may exceed it. files: of this process. Set by open():
    coordinator, of all processes of the disk.
    """

    coordinator: WriteCoordinator

    def __init__(self, root: Path, limit_bytes: int, segment_bytes: int) -> None:
        self.files = JournalFiles(root, segment_bytes)
        self.limit_bytes = limit_bytes
        self._thread = ThreadPoolExecutor(1, "journal")
        self._waiting: list[PendingAppend] = []
        self._committing: asyncio.Task[None] | None = None
        self._log_limit = LogLimit()

    async def open(self) -> bool:
        """Create a folder, and adopt those of ended processes. Returns whether this is the first journal on the disk."""
        try:
            is_first = await self._run(self.files.open)
        except OSError as error:
            raise _unavailable(error) from error
        files = self.files
        self.coordinator = WriteCoordinator(files.shared, files.in_flight, files.clock.now, self._others_in_flight)
        return is_first

    async def close(self) -> None:
        """Release the files after the appends in progress have ended."""
        if self._committing is not None:
            await self._committing
        await self._run(self.files.close)
        await asyncio.to_thread(self._thread.shutdown)

    @property
    def bytes(self) -> int:
        """Size of all segments on the disk."""
        return sum(segment.size for segment in self.files.segments)

    @property
    def entries(self) -> int:
        """Number of groups in all segments."""
        return sum(segment.entries for segment in self.files.segments)

    @property
    def oldest_seconds(self) -> float:
        """Age of the oldest segment; 0.0 if there is none."""
        begun = [segment.begun for segment in self.files.segments]
        return max(0.0, time.time() - min(begun) / 1000) if begun else 0.0

    def check_room(self) -> None:
        """Raise Unavailable if the journal is full."""
        if self.bytes >= self.limit_bytes:
            message = "The journal is full because the telemetry store is unavailable or too slow; resend later."
            raise Unavailable("JOURNAL_FULL", message, retry_after=5.0)

    async def append(self, group: Sequence[AnyBatch]) -> int:
        """Append a group, in the order of the calls; durable on return. Returns its number. Raises Unavailable."""
        pending = PendingAppend(group, asyncio.get_running_loop().create_future())
        self._waiting.append(pending)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit(), name="journal commit")
        return await pending.number

    async def acknowledge_rejections(self, number: int) -> None:
        """Record that the sender of a record knows its rejections."""
        await self._run_checked(self.files.acknowledge_rejections, number)

    async def seal(self) -> None:
        """Start a new segment with the next append."""
        await self._run(self.files.seal)

    @property
    def has_durable(self) -> bool:
        """Whether there are durable records to drop."""
        return self.files.has_durable

    def replaying(self) -> AbstractContextManager[bool]:
        """Try to become the replaying process until the block is left; yields whether it is."""
        return self.files.shared.replaying()

    async def may_be_incomplete(self) -> bool:
        """Whether there are records of other processes, which the backend may have lost without this process noticing."""
        return await self._run(self.files.others_have_records) or bool(self.files.adopted)

    async def replay_bounds(self) -> ReplayBounds:
        """The state from which a replay begins."""
        return await self._run_checked(self.files.replay_bounds)

    async def mark_durable(self, number: int) -> None:
        """Record that the backend has all records of all journals up to this number durably, and drop them. Raises
        Unavailable."""
        await self._run_checked(self.files.mark_durable, number)

    async def mark_flushed(self, number: int) -> bool:
        """As mark_durable, for a process that does not replay. Returns False, and does nothing, if the backend has fallen
        behind since."""
        return await self._run_checked(self.files.mark_flushed, number)

    async def drop(self) -> None:
        """Remove the records that any process has marked durable. Raises Unavailable."""
        await self._run_checked(self.files.drop)

    async def record_deletion(self, device_id: int, span: Span, measurement: str = "") -> None:
        """Keep replays from restoring readings that are about to be deleted. Raises Unavailable."""
        await self._run_checked(self.files.record_deletion, device_id, span, measurement)

    async def _others_in_flight(self) -> OthersInFlight:
        adopted = len(self.files.adopted)
        others = await self._run_checked(self.files.others_in_flight)
        if len(self.files.adopted) > adopted and not self.coordinator.behind:
            # Writes of the ended process may still be on their way to the backend.
            self.coordinator.fall_behind()
        return others

    async def _commit(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                numbers = await self._run(self.files.append, [pending.group for pending in together])
            except Exception as error:  # noqa: BLE001 - the callers must get an error of any kind
                unavailable = _unavailable(error)
                self._log_limit.warning(
                    log, "journal_not_written", reason=unavailable.reason, groups=len(together), problem=str(error)
                )
                for pending in together:
                    pending.number.set_exception(unavailable)
            else:
                for pending, number in zip(together, numbers, strict=True):
                    pending.number.set_result(number)
        self._committing = None

    async def _run_checked(self, work: Callable[..., Answer], *args: object) -> Answer:
        try:
            return await self._run(work, *args)
        except OSError as error:
            raise _unavailable(error) from error

    async def _run(self, work: Callable[..., Answer], *args: object) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def _unavailable(error: Exception) -> Unavailable:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = "JOURNAL_DISK_FULL" if full else "JOURNAL_FAILED"
    cause = "the disk of the journal is full" if full else "the journal cannot be written"
    message = f"The readings cannot be stored durably at the moment: {cause}; resend later."
    return Unavailable(reason, message, retry_after=5.0)
