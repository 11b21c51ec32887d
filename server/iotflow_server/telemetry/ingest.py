"""The way of a reading into the store: bounded lanes, and group commit without a timer."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from iotflow.log_limits import LogLimit
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.errors import DomainError, Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.checks import FutureLimit
from iotflow_server.telemetry.outcome import Outcome, Stored, Tally, accepted
from iotflow_server.telemetry.ports import ManagedWriter
from iotflow_server.telemetry.write_queue import QueuedBatch, WriteQueue, WriteQueues

log = structlog.get_logger(__name__)

# Told what was stored, device by device in the order of storing, before the senders are. Must not raise, and must return
# within a bounded time: senders wait for it.
Publish = Callable[[Sequence[Stored]], Awaitable[None]]
FAILED = Unavailable("STORE_FAILED", "The readings could not be stored; the server's log has more.")
# A failure counts as one of now for so long; a probe of the store cannot see that its disk is full.
FAILURE_SECONDS = 10.0
# What a batch takes besides its values, about, and each of its columns.
BESIDES_BYTES, BESIDES_COLUMN_BYTES = 1_000, 300

# So many are taken out of a batch in a millisecond.
FEW_REJECTIONS = 50


class Ingest:
    """Takes batches, writes those that wait in few calls of the store, and tells what was stored.

    The queue is bounded by bytes; when it is full, senders wait and nothing is dropped. While the store writes, the next
    group gathers: under load groups grow by themselves, at rest a batch is written at once. There are as many groups at a
    time as do the store good, none of them with another's devices.
    """

    def __init__(
        self, writer: ManagedWriter, queue_bytes: int, tally: Tally, publish: Publish, future: FutureLimit
    ) -> None:
        self._writer = writer
        self._future = future
        self._limit = queue_bytes
        self._tally = tally
        self._publish = publish
        self._lanes = WriteQueues(writer.writers)
        self._waiting_bytes = 0
        self._room = asyncio.Event()
        self._closing = False
        self._failed_at, self._failure = -math.inf, ""
        self._log_limit = LogLimit()
        self._writers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to write; called once on the running loop."""
        self._room.set()
        self._writers = [
            asyncio.create_task(self._write_groups(lane), name="ingest writer") for lane in self._lanes.all
        ]

    async def close(self) -> None:
        """Take nothing more, and return when everything taken is stored or refused."""
        self._closing = True
        for lane in self._lanes.all:
            lane.arrived.set()
        self._room.set()
        await asyncio.gather(*self._writers)

    @property
    def waiting_bytes(self) -> int:
        """About how many bytes wait for the store."""
        return self._waiting_bytes

    async def check(self) -> str:
        """Raise Unavailable where the store lately refused to write; nothing else can be amiss."""
        if time.monotonic() - self._failed_at < FAILURE_SECONDS:
            raise Unavailable("STORE_UNAVAILABLE", f"The store lately refused to write: {self._failure}")
        return ""

    async def put(self, batches: Sequence[tuple[Device, Batch]]) -> list[asyncio.Future[Outcome]]:
        """Queue batches, all or none, waiting while the queue is full; each future ends when its batch is durable, or with
        Unavailable."""
        while not self._room.is_set():
            await self._room.wait()
        if self._closing:
            raise Unavailable("SERVER_DRAINING", "the server is going down; connect again and resend")
        return [self._put(device, batch) for device, batch in batches]

    def _put(self, device: Device, batch: Batch) -> asyncio.Future[Outcome]:
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if refused := self._future.refused(batch):
            kept = accepted(batch, refused)
            if kept is None:
                self._tally.refused(refused)
                outcome.set_result(Outcome(refused))
                return outcome
            batch = kept
        size = batch.size + BESIDES_BYTES + BESIDES_COLUMN_BYTES * len(batch.columns)
        self._queue(QueuedBatch(device, batch, batch.values, size, outcome, refused))
        return outcome

    def _queue(self, waiting: QueuedBatch) -> None:
        self._lanes.put(waiting)
        self._waiting_bytes += waiting.size
        if self._waiting_bytes >= self._limit:
            self._room.clear()

    async def _write_groups(self, lane: WriteQueue) -> None:
        while not (self._closing and not lane):
            await lane.arrived.wait()
            lane.arrived.clear()
            while lane:
                await self._write_group(lane)

    async def _write_group(self, lane: WriteQueue) -> None:
        group = lane.take()
        self._waiting_bytes -= sum(waiting.size for waiting in group)
        if self._waiting_bytes < self._limit:
            self._room.set()
        try:
            await self._write(group)
        finally:
            self._lanes.done(lane, group)

    async def _write(self, group: list[QueuedBatch]) -> None:
        try:
            rejections = await self._writer.write([waiting.batch for waiting in group])
        except DomainError as refusal:
            self._failed_at, self._failure = time.monotonic(), refusal.message
            self._log_limit.warning(
                log, "telemetry_not_stored", reason=refusal.reason, batches=len(group), problem=refusal.message
            )
            _fail(group, refusal)
        except Exception as error:  # noqa: BLE001
            await self._failed(group, error)
        else:
            self._failed_at = -math.inf
            buffered = self._writer.buffering
            await self._tell(
                group,
                [Outcome((*one.refused, *refused), buffered) for one, refused in zip(group, rejections, strict=True)],
            )

    async def _failed(self, group: list[QueuedBatch], error: Exception) -> None:
        """What the store did is unknown, so nothing is acknowledged. One batch that it fails over must not fail the others."""
        if len(group) > 1:
            for waiting in group:
                await self._write([waiting])
            return
        self._failed_at, self._failure = time.monotonic(), FAILED.message
        device_id = group[0].batch.device_id
        self._log_limit.warning(
            log, "telemetry_store_failed", reason=type(error).__name__, device_id=device_id, exc_info=error
        )
        _fail(group, Unavailable(FAILED.reason, FAILED.message))

    async def _tell(self, group: list[QueuedBatch], outcomes: list[Outcome]) -> None:
        stored = []
        for waiting, outcome in zip(group, outcomes, strict=True):
            kept = await _accepted(waiting.batch, outcome.rejections)
            self._tally.stored(kept, outcome.rejections)
            if kept is not None:
                stored.append(Stored(waiting.device, kept))
        await self._publish(stored)
        for waiting, outcome in zip(group, outcomes, strict=True):
            if not waiting.outcome.done():
                waiting.outcome.set_result(outcome)


async def _accepted(batch: Batch, rejections: Sequence[Rejection]) -> Batch | None:
    """Beside the event loop where there is much to take out; a column that is refused whole costs nothing."""
    rows = len(batch.times)
    if len(rejections) < FEW_REJECTIONS or sum(item.count < rows for item in rejections) < FEW_REJECTIONS:
        return accepted(batch, rejections)
    return await run_in_compute_thread(accepted, batch, rejections)


def _fail(group: list[QueuedBatch], refusal: DomainError) -> None:
    for waiting in group:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(refusal)
            # Marks it as seen: whoever waited may have gone, and the log has it already.
            waiting.outcome.exception()
