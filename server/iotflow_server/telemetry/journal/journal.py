"""The journal as the event loop sees it: appends share syncs, and files are touched by one thread."""

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
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal.coordination.write_coordinator import Elsewhere, WriteCoordinator
from iotflow_server.telemetry.journal.disk.journal_files import JournalFiles
from iotflow_server.telemetry.journal.recovery.replay import ReplayBounds
from iotflow_server.telemetry.ports import Span

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PendingAppend:
    """A group on its way to the disk; number is set when it is there."""

    group: Sequence[Batch]
    number: asyncio.Future[int]


class Journal:
    """Keeps groups of batches on the local disk until they are dropped.

    Group commit without a timer: what comes while the disk is busy shares the next sync. limit_bytes: above this nothing
    more is taken; the last taken may go beyond it. Opened: traffic, of all processes of this disk.
    """

    traffic: WriteCoordinator

    def __init__(self, root: Path, limit_bytes: int, segment_bytes: int) -> None:
        self._files = JournalFiles(root, segment_bytes)
        self.limit_bytes = limit_bytes
        self._thread = ThreadPoolExecutor(1, "journal")
        self._waiting: list[PendingAppend] = []
        self._committing: asyncio.Task[None] | None = None
        self._log_limit = LogLimit()

    async def open(self) -> bool:
        """Lock a folder, and adopt what others left. Answers whether there was no journal on this disk before."""
        try:
            is_first = await self._run(self._files.open)
        except OSError as error:
            raise _unusable(error) from error
        files = self._files
        self.traffic = WriteCoordinator(files.board, files.under_way, files.clock.now, self._look)
        return is_first

    async def close(self) -> None:
        """Let go of the files after the appends under way have ended."""
        if self._committing is not None:
            await self._committing
        await self._run(self._files.close)
        await asyncio.to_thread(self._thread.shutdown)

    @property
    def bytes(self) -> int:
        """What all segments take on the disk."""
        return sum(segment.size for segment in self._files.segments)

    @property
    def entries(self) -> int:
        """How many groups all segments hold."""
        return sum(segment.entries for segment in self._files.segments)

    @property
    def oldest_seconds(self) -> float:
        """How long ago the oldest segment was begun; 0.0 without one."""
        begun = [segment.begun for segment in self._files.segments]
        return max(0.0, time.time() - min(begun) / 1000) if begun else 0.0

    def check_room(self) -> None:
        """Raise Unavailable if the journal takes nothing more."""
        if self.bytes >= self.limit_bytes:
            message = "The journal is full: the telemetry store is away, or slower than what comes; resend later."
            raise Unavailable("JOURNAL_FULL", message, retry_after=5.0)

    async def append(self, group: Sequence[Batch]) -> int:
        """Keep a group, in the order of the calls; on return the disk has it. Answers its number.

        Unavailable: nothing is promised of it.
        """
        waiting = PendingAppend(group, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit(), name="journal commit")
        return await waiting.number

    async def tell(self, number: int) -> None:
        """The sender of this record knows what of it was refused."""
        await self._touch(self._files.tell, number)

    async def seal(self) -> None:
        """Begin a new segment with the next append."""
        await self._run(self._files.seal)

    @property
    def has_durable(self) -> bool:
        """Whether there is something to drop."""
        return self._files.has_durable

    def replaying(self) -> AbstractContextManager[bool]:
        """Whether this process is the one to replay, until the block is left."""
        return self._files.board.replaying()

    async def may_be_lacking(self) -> bool:
        """Whether there are records of which this process cannot know that the backend still has them."""
        return await self._run(self._files.others_have_records) or bool(self._files.adopted)

    async def past(self) -> ReplayBounds:
        """What a replay begins with; nobody deletes anything meanwhile."""
        return await self._touch(self._files.past)

    async def made_durable(self, number: int) -> None:
        """The backend has all records of all journals up to this number past a crash: they need not be kept. Unavailable:
        they may be."""
        await self._touch(self._files.made_durable, number)

    async def flushed(self, number: int) -> None:
        """As made_durable, for who does not replay; nothing, where the backend has fallen behind since."""
        await self._touch(self._files.flushed, number)

    async def drop(self) -> None:
        """Remove what any process has made durable. Unavailable: some of it may be there still."""
        await self._touch(self._files.drop)

    async def note_deletion(self, device_id: int, span: Span, measurement: str = "") -> None:
        """Keep any replay from bringing back what is about to be deleted. Unavailable: it may not be kept from it."""
        await self._touch(self._files.note_deletion, device_id, span, measurement)

    async def _look(self) -> Elsewhere:
        adopted = len(self._files.adopted)
        elsewhere = await self._touch(self._files.look)
        if len(self._files.adopted) > adopted and not self.traffic.behind:
            # What it was writing may be on its way to the backend still.
            self.traffic.fall_behind()
        return elsewhere

    async def _commit(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                numbers = await self._run(self._files.append, [waiting.group for waiting in together])
            except Exception as error:  # noqa: BLE001
                # Whoever waits must hear of it, whatever it was.
                unusable = _unusable(error)
                self._log_limit.warning(
                    log, "journal_not_written", reason=unusable.reason, groups=len(together), problem=str(error)
                )
                for waiting in together:
                    waiting.number.set_exception(unusable)
            else:
                for waiting, number in zip(together, numbers, strict=True):
                    waiting.number.set_result(number)
        self._committing = None

    async def _touch(self, work: Callable[..., Answer], *args: object) -> Answer:
        try:
            return await self._run(work, *args)
        except OSError as error:
            raise _unusable(error) from error

    async def _run(self, work: Callable[..., Answer], *args: object) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def _unusable(error: Exception) -> Unavailable:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = "JOURNAL_DISK_FULL" if full else "JOURNAL_FAILED"
    cause = "the journal's disk is full" if full else "the journal cannot be written"
    message = f"The readings cannot be kept safe at the moment ({cause}); resend later."
    return Unavailable(reason, message, retry_after=5.0)
