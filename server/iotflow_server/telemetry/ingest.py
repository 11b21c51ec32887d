"""The path of readings into the store: bounded queues, and group commit without a timer."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from iotflow.log_limits import LogLimit
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.errors import DomainError, Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection, Times
from iotflow_server.telemetry.checks import FutureLimit
from iotflow_server.telemetry.multi_device_batch import AnyBatch, MultiDeviceBatch, rejections_by_part
from iotflow_server.telemetry.outcome import Outcome, Stored, StoredTogether, Tally, accepted
from iotflow_server.telemetry.ports import ManagedWriter
from iotflow_server.telemetry.write_queue import QueuedBatch, WriteQueue, WriteQueues

log = structlog.get_logger(__name__)

# The rows of a queued part of a batch, or the first of adjacent ones, and the outcome of the part.
Queued = tuple[int | Times, asyncio.Future[Outcome]]
# Receives the stored batches, in the order of storing for each device, before the senders are acknowledged. Must not raise
# and must return within a bounded time: senders wait for it.
Publish = Callable[[Sequence[Stored | StoredTogether]], Awaitable[None]]
FAILED = Unavailable(
    "STORE_FAILED", "The readings could not be stored because of a server error; see the server's log."
)
# How long a failed write counts as the current state; a probe of the store cannot see that its disk is full.
FAILURE_SECONDS = 10.0
# Approximate overhead of a batch, and of each of its columns.
BATCH_BYTES, COLUMN_BYTES = 1_000, 300
# Number of rejected rows that are removed from a batch within a millisecond.
FEW_REJECTIONS = 50


class Ingest:
    """Accepts batches, writes the waiting ones in few calls of the store, and publishes what was stored.

    The queues are bounded by bytes; when they are full, senders wait and nothing is dropped. While the store writes, the
    next group collects: groups grow under load, and a batch is written at once when there is none. Up to store.writers
    groups are written at a time; no two of them share a device.
    """

    def __init__(
        self, *, writer: ManagedWriter, queue_bytes: int, tally: Tally, publish: Publish, future: FutureLimit
    ) -> None:
        self._writer = writer
        self._future = future
        self._limit = queue_bytes
        self._tally = tally
        self._publish = publish
        self._queues = WriteQueues(writer.writers)
        self._waiting_bytes = 0
        self._room = asyncio.Event()
        self._closing = False
        self._failed_at, self._failure = -math.inf, ""
        self._log_limit = LogLimit()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start writing; called once on the running loop."""
        self._room.set()
        self._tasks = [
            asyncio.create_task(self._write_groups(queue), name="ingest writer") for queue in self._queues.all
        ]

    async def close(self) -> None:
        """Accept no more batches; returns when every accepted batch is stored or rejected."""
        self._closing = True
        for queue in self._queues.all:
            queue.arrived.set()
        self._room.set()
        await asyncio.gather(*self._tasks)

    @property
    def waiting_bytes(self) -> int:
        """Approximate number of bytes that wait for the store."""
        return self._waiting_bytes

    async def check(self) -> str:
        """Raise Unavailable if the last write failed recently."""
        if time.monotonic() - self._failed_at < FAILURE_SECONDS:
            raise Unavailable("STORE_UNAVAILABLE", f"The store rejected the last write: {self._failure}")
        return ""

    async def put(self, batches: Sequence[tuple[Device, Batch]]) -> list[asyncio.Future[Outcome]]:
        """Queue batches, all or none, waiting while the queues are full. Each future completes when its batch is durable, or
        fails with Unavailable."""
        await self._wait_for_room()
        return [self._put(device, batch) for device, batch in batches]

    async def put_together(self, devices: Sequence[Device], batch: MultiDeviceBatch) -> list[Queued]:
        """As put, for the devices of a batch: together, unless their rows need separate treatment."""
        await self._wait_for_room()
        if not self._future.allows(batch.times):
            parts = zip(devices, batch.parts(), strict=True)
            return list(zip(batch.firsts.tolist(), [self._put(*part) for part in parts], strict=True))
        divided = self._queues.divided(batch.device_ids)
        if len(divided) == 1:
            return [(0, self._put_checked(devices, batch))]
        queued: list[Queued] = []
        for places in divided:
            part, rows = batch.select(places)
            queued.append((rows, self._put_checked([devices[place] for place in places], part)))
        return queued

    async def _wait_for_room(self) -> None:
        while not self._room.is_set():
            await self._room.wait()
        if self._closing:
            raise Unavailable("SERVER_DRAINING", "The server is shutting down; connect again and resend.")

    def _put(self, device: Device, batch: Batch) -> asyncio.Future[Outcome]:
        if rejected := self._future.rejections(batch):
            kept = accepted(batch, rejected)
            if kept is None:
                self._tally.record_rejected(rejected)
                outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
                outcome.set_result(Outcome(rejected))
                return outcome
            batch = kept
        return self._put_checked([device], batch, rejected)

    def _put_checked(
        self, devices: Sequence[Device], batch: AnyBatch, rejected: tuple[Rejection, ...] = ()
    ) -> asyncio.Future[Outcome]:
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        size = batch.size + BATCH_BYTES + COLUMN_BYTES * len(batch.columns)
        queued = QueuedBatch(devices, batch, batch.values, size, outcome, rejected)
        self._queues.put(queued)
        self._waiting_bytes += queued.size
        if self._waiting_bytes >= self._limit:
            self._room.clear()
        return outcome

    async def _write_groups(self, queue: WriteQueue) -> None:
        while not (self._closing and not queue):
            await queue.arrived.wait()
            queue.arrived.clear()
            while queue:
                await self._write_group(queue)

    async def _write_group(self, queue: WriteQueue) -> None:
        group = queue.take()
        self._waiting_bytes -= sum(queued.size for queued in group)
        if self._waiting_bytes < self._limit:
            self._room.set()
        try:
            await self._write(group)
        finally:
            self._queues.done(queue, group)

    async def _write(self, group: list[QueuedBatch]) -> None:
        try:
            rejections = await self._writer.write([queued.batch for queued in group])
        except DomainError as refusal:
            self._failed_at, self._failure = time.monotonic(), refusal.message
            self._log_limit.warning(
                log, "telemetry_not_stored", reason=refusal.reason, batches=len(group), problem=refusal.message
            )
            _fail(group, refusal)
        except Exception as error:  # noqa: BLE001 - one batch must not fail the others of its group
            await self._write_separately(group, error)
        else:
            self._failed_at = -math.inf
            buffered = self._writer.buffering
            await self._acknowledge(
                group,
                [Outcome((*one.rejected, *more), buffered) for one, more in zip(group, rejections, strict=True)],
            )

    async def _write_separately(self, group: list[QueuedBatch], error: Exception) -> None:
        """After an unexpected error nothing is acknowledged. A batch that causes one must not fail the others of its
        group."""
        if len(group) > 1:
            for queued in group:
                await self._write([queued])
            return
        self._failed_at, self._failure = time.monotonic(), FAILED.message
        device_id = group[0].devices[0].id
        self._log_limit.warning(
            log, "telemetry_store_failed", reason=type(error).__name__, device_id=device_id, exc_info=error
        )
        _fail(group, Unavailable(FAILED.reason, FAILED.message))

    async def _acknowledge(self, group: list[QueuedBatch], outcomes: list[Outcome]) -> None:
        stored: list[Stored | StoredTogether] = []
        for queued, outcome in zip(group, outcomes, strict=True):
            kept = await _stored(queued, outcome.rejections)
            for one in kept:
                self._tally.record_stored(one.batch)
            self._tally.record_rejected(outcome.rejections)
            stored += kept
        await self._publish(stored)
        for queued, outcome in zip(group, outcomes, strict=True):
            if not queued.outcome.done():
                queued.outcome.set_result(outcome)


async def _stored(queued: QueuedBatch, rejections: Sequence[Rejection]) -> Sequence[Stored | StoredTogether]:
    """What a queued batch stored, in few parts."""
    batch = queued.batch
    if isinstance(batch, Batch):
        kept = await _accepted(batch, rejections)
        return () if kept is None else (Stored(queued.devices[0], kept),)
    if not rejections:
        return (StoredTogether(queued.devices, batch),)
    by_part, stored = rejections_by_part(batch, rejections), []
    for place, device in enumerate(queued.devices):
        kept = await _accepted(batch.part(place), by_part.get(place, ()))
        if kept is not None:
            stored.append(Stored(device, kept))
    return stored


async def _accepted(batch: Batch, rejections: Sequence[Rejection]) -> Batch | None:
    """As accepted(), off the event loop if many rows have to be removed; removing a whole column costs nothing."""
    rows = len(batch.times)
    if len(rejections) < FEW_REJECTIONS or sum(item.count < rows for item in rejections) < FEW_REJECTIONS:
        return accepted(batch, rejections)
    return await run_in_compute_thread(accepted, batch, rejections)


def _fail(group: list[QueuedBatch], refusal: DomainError) -> None:
    for queued in group:
        if not queued.outcome.done():
            queued.outcome.set_exception(refusal)
            # Marks the exception as retrieved: the sender may have gone, and the error is in the log already.
            queued.outcome.exception()
