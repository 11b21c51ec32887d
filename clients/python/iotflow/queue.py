"""The queue of batches from the caller to their acknowledgement, in memory or in a folder."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from iotflow.delivery import Delivery, Entry
from iotflow.errors import queue_full
from iotflow.policy import DropReason, Policy, Sampler
from iotflow.queue_records import names_device
from iotflow.v1.telemetry_pb2 import TelemetryBatch

log = logging.getLogger(__name__)

Drop = Callable[[int, DropReason], None]
# Pause before the disk is tried again with the same batch.
DISK_RETRY_SECONDS = 1.0


class QueueEnded(Exception):
    """The writer ended while a caller waited for room."""


class Store(Protocol):
    """Where payloads are kept. Each call returns when its effect is durable."""

    async def write(self, entries: list[Entry]) -> OSError | None:
        """Keep the entries' payloads, and mark those that are kept as stored. The error that stopped it, if any."""

    async def read(self, entry: Entry) -> bytes:
        """A payload that is not in memory. Raises RecordDamaged, and OSError where another attempt may succeed."""

    async def remove(self, acknowledged: int, segments: list[int]) -> None:
        """Delete everything up to a sequence, and these segments."""

    async def close(self) -> None:
        """Release everything."""


class BatchQueue:
    """Batches that are not acknowledged, at most `limit` bytes of them.

    store: None keeps the payloads in memory. on_dropped: called with a number of rows and the reason.
    """

    def __init__(
        self,
        delivery: Delivery,
        *,
        store: Store | None,
        limit: int,
        policy: Policy,
        last_sequence: int,
        on_dropped: Drop,
    ) -> None:
        self._delivery = delivery
        self._store = store
        self._limit = limit
        self._policy = policy
        self._on_dropped = on_dropped
        self._sampler = Sampler()
        self._last_sequence = last_sequence
        # Batches that the store does not have yet, and what waits for each.
        self._uncommitted: deque[tuple[Entry, asyncio.Future[None]]] = deque()
        self._uncommitted_bytes = 0
        self._removed_up_to = 0
        # An error of this program, which ended the writer.
        self.failure: Exception | None = None
        # Why the disk takes no batch, as text; empty: it does.
        self.disk_failure = ""
        self._committer: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        delivery.on_removed = self._wake_committer if store else None

    @property
    def bytes(self) -> int:
        """Size of everything in the queue."""
        return self._delivery.bytes + self._uncommitted_bytes

    @property
    def rows(self) -> int:
        """Rows in the queue."""
        return self._delivery.rows + sum(entry.rows for entry, _ in self._uncommitted)

    @property
    def last_sequence(self) -> int:
        """The sequence of the newest batch."""
        return self._last_sequence

    def is_settled(self, sequence: int) -> bool:
        """Whether everything up to this sequence was acknowledged or given up."""
        is_stored = not self._uncommitted or self._uncommitted[0][0].sequence > sequence
        return is_stored and self._delivery.is_settled(sequence)

    async def removed(self) -> None:
        """Wait until the store knows what was acknowledged so far."""
        if self._store:
            up_to = self._delivery.settled
            await self._delivery.wait_until(lambda: self._removed_up_to >= up_to)

    async def put(self, batch: TelemetryBatch) -> "asyncio.Future[None] | None":
        """Take a batch; callers come one at a time. The future is done when the store has the batch; None: at once.

        Raises ServerError QUEUE_FULL where the policy is REFUSE, at once or in the future; QueueEnded where the writer ended.
        """
        rows = len(batch.timestamps)
        sampled = self._sampler.thinned(batch, self.bytes, self._limit) if self._policy is Policy.SAMPLE else batch
        if sampled is None:
            self._on_dropped(rows, DropReason.QUEUE_FULL)
            return None
        left_out = rows - len(sampled.timestamps)
        entry = self._entry(sampled)
        if not await self._has_room(entry):
            self._on_dropped(rows, DropReason.QUEUE_FULL)
            return None
        if left_out:
            self._on_dropped(left_out, DropReason.QUEUE_FULL)
        return self._accept(entry)

    async def close(self) -> None:
        """Stop the store. Batches that it does not have yet are lost; what waits for them is cancelled."""
        self._closed.set()
        if self._committer:
            await asyncio.gather(self._committer, return_exceptions=True)
        for _, stored in self._uncommitted:
            stored.cancel()
        if self._store:
            await self._store.close()

    def _entry(self, batch: TelemetryBatch) -> Entry:
        batch.sequence = self._last_sequence + 1
        payload = batch.SerializeToString()
        return Entry(batch.sequence, len(batch.timestamps), len(payload), payload, names_device=names_device(batch))

    async def _has_room(self, entry: Entry) -> bool:
        """Make or wait for room; False: the batch is to be dropped."""
        if self._fits(entry):
            return True
        if self._policy is Policy.WAIT:
            await self._delivery.wait_until(lambda: self._fits(entry))
            if not self._fits(entry):
                raise QueueEnded
            return True
        if self._policy is Policy.REFUSE:
            raise queue_full(f"The queue holds {self._limit} bytes. Add the rows again later.")
        if self._policy is Policy.DROP_OLDEST:
            await self._drop_until_fits(entry)
        return self._fits(entry)

    async def _drop_until_fits(self, entry: Entry) -> None:
        while not self._fits(entry):
            if rows := self._delivery.drop_oldest():
                self._on_dropped(rows, DropReason.QUEUE_FULL)
            elif self._uncommitted:
                # These are older than the entry, and can be dropped once the disk has them.
                await asyncio.wait([self._uncommitted[0][1]])
            else:
                return

    def _fits(self, entry: Entry) -> bool:
        # A batch above the limit fits into an empty queue: it could never be sent otherwise.
        used = self.bytes
        return used + entry.size <= self._limit or not used

    def _accept(self, entry: Entry) -> "asyncio.Future[None] | None":
        self._last_sequence = entry.sequence
        if self._store is None:
            self._delivery.add(entry)
            return None
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._uncommitted.append((entry, stored))
        self._uncommitted_bytes += entry.size
        self._wake_committer()
        return stored

    def _wake_committer(self) -> None:
        is_running = self._committer and not self._committer.done()
        if self._store and not is_running and not self._closed.is_set():
            self._committer = asyncio.create_task(self._commit_all(self._store), name="telemetry writer's disk")

    async def _commit_all(self, store: Store) -> None:
        try:
            await self._commit_until_done(store)
        except Exception as failure:  # noqa: BLE001 - the writer's callers get it
            self.failure = failure
            self._delivery.end()
            for _, stored in self._uncommitted:
                _fail(stored, failure)

    async def _commit_until_done(self, store: Store) -> None:
        """Write until there is nothing more. What comes while the disk is busy is written together."""
        while not self._closed.is_set():
            acknowledged, segments = self._delivery.take_removed()
            if acknowledged or segments:
                await store.remove(acknowledged, segments)
                self._removed_up_to = max(self._removed_up_to, acknowledged)
                self._delivery.wake()
            if self._uncommitted:
                error = await store.write([entry for entry, _ in self._uncommitted])
                self._deliver_stored()
                self._note_disk(error)
                if error and self._uncommitted:
                    await self._disk_failed(error)
            elif not self._delivery.has_removed:
                return

    def _deliver_stored(self) -> None:
        while self._uncommitted and self._uncommitted[0][0].is_stored:
            entry, stored = self._take_uncommitted()
            self._delivery.add(entry)
            _finish(stored)

    def _take_uncommitted(self) -> "tuple[Entry, asyncio.Future[None]]":
        entry, stored = self._uncommitted.popleft()
        self._uncommitted_bytes -= entry.size
        return entry, stored

    def _note_disk(self, error: OSError | None) -> None:
        """Log an error of the disk when it begins, and not with each attempt: callers may wait for its end without limit."""
        before, self.disk_failure = self.disk_failure, str(error or "")
        if self.disk_failure and not before:
            log.warning("the disk does not take a batch of the queue: %s", error)

    async def _disk_failed(self, error: OSError) -> None:
        """Decide about the oldest batch that the disk did not take."""
        self._delivery.release_newest_segment()
        if self._policy is Policy.WAIT:
            await _set_within(self._closed, DISK_RETRY_SECONDS)
            return
        entry, stored = self._uncommitted[0]
        if self._policy is Policy.DROP_OLDEST and not entry.was_tried and self._make_room_on_disk(entry):
            return
        self._take_uncommitted()
        self._delivery.wake()
        if self._policy is Policy.REFUSE:
            if not stored.done():
                stored.set_exception(
                    queue_full(f"The disk did not take the batch ({error}). Add the rows again later.")
                )
        else:
            try:
                self._on_dropped(entry.rows, DropReason.DISK_FULL)
            finally:
                _finish(stored)

    def _make_room_on_disk(self, entry: Entry) -> bool:
        """Drop the oldest batches until a segment can be deleted. Whether there is one."""
        entry.was_tried = True
        while not self._delivery.has_dead_segments and (rows := self._delivery.drop_oldest()):
            self._on_dropped(rows, DropReason.DISK_FULL)
            self._delivery.release_newest_segment()
        return self._delivery.has_dead_segments


def _finish(stored: "asyncio.Future[None]") -> None:
    # The caller may have been cancelled.
    if not stored.done():
        stored.set_result(None)


def _fail(stored: "asyncio.Future[None]", failure: Exception) -> None:
    if not stored.done():
        stored.set_exception(failure)
        # A batch that ended by its age has no caller, and asyncio would log the exception.
        stored.exception()


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
