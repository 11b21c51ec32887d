"""The way of a reading into the store: one queue, and group commit without a timer."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from iotflow_server.devices.device import Device
from iotflow_server.errors import Refusal, Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.store import TelemetryStore

log = structlog.get_logger(__name__)

Outcome = tuple[Rejection, ...]
Listener = Callable[[Device, Batch, Outcome], None]
# One transaction holds the store's writer; a larger group would only make its members wait longer.
GROUP_VALUES = 500_000
# A failure counts as one of now for so long; a probe of the store cannot see that its disk is full.
FAILURE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch on its way; outcome is set when the store has it durably."""

    device: Device
    batch: Batch
    values: int
    size: int
    outcome: asyncio.Future[Outcome]


class Ingest:
    """Takes batches, writes all that wait in one call of the store, and tells the listeners what was stored.

    The queue is bounded by bytes; when it is full, senders wait and nothing is dropped. While the store writes, the next
    group gathers: under load groups grow by themselves, at rest a batch is written at once.
    """

    def __init__(self, store: TelemetryStore, queue_bytes: int, listeners: tuple[Listener, ...]) -> None:
        self._store = store
        self._limit = queue_bytes
        self._listeners = listeners
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._closing = False
        self._failed_at = -math.inf
        self._writer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write; called once on the running loop."""
        self._room.set()
        self._writer = asyncio.create_task(self._write_groups(), name="ingest writer")

    async def close(self) -> None:
        """Take nothing more, and return when everything taken is stored or refused."""
        self._closing = True
        self._arrived.set()
        self._room.set()
        if self._writer:
            await self._writer

    @property
    def waiting_bytes(self) -> int:
        """About how many bytes wait for the store."""
        return self._waiting_bytes

    async def check(self) -> None:
        """Raise Unavailable where the store lately refused to write."""
        if time.monotonic() - self._failed_at < FAILURE_SECONDS:
            raise Unavailable("STORE_UNAVAILABLE", "the store lately refused to write")

    async def put(self, device: Device, batch: Batch) -> asyncio.Future[Outcome]:
        """Queue a batch, waiting while the queue is full; the future ends when it is durable, or with Unavailable."""
        while not self._room.is_set():
            await self._room.wait()
        if self._closing:
            raise Unavailable("SERVER_DRAINING", "the server is going down; connect again and resend")
        waiting = Waiting(device, batch, batch.values, batch.size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += waiting.size
        if self._waiting_bytes >= self._limit:
            self._room.clear()
        self._arrived.set()
        return waiting.outcome

    async def _write_groups(self) -> None:
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._write(self._next_group())

    def _next_group(self) -> list[Waiting]:
        group = [self._waiting.popleft()]
        values = group[0].values
        while self._waiting and values + self._waiting[0].values <= GROUP_VALUES:
            values += self._waiting[0].values
            group.append(self._waiting.popleft())
        self._waiting_bytes -= sum(waiting.size for waiting in group)
        if self._waiting_bytes < self._limit:
            self._room.set()
        return group

    async def _write(self, group: list[Waiting]) -> None:
        try:
            outcomes = await self._store.write([waiting.batch for waiting in group])
        except Refusal as refusal:
            self._failed_at = time.monotonic()
            log.warning("telemetry not stored", reason=refusal.reason, batches=len(group))
            self._fail(group, refusal)
        except Exception:
            # The writer must outlive any one group; what the store did is unknown, so nothing is acknowledged.
            self._failed_at = time.monotonic()
            log.exception("telemetry store failed", batches=len(group))
            self._fail(group, Unavailable("STORE_FAILED", "the readings could not be stored"))
        else:
            self._failed_at = -math.inf
            for waiting, outcome in zip(group, outcomes, strict=True):
                self._stored(waiting, outcome)

    @staticmethod
    def _fail(group: list[Waiting], refusal: Refusal) -> None:
        for waiting in group:
            if not waiting.outcome.done():
                waiting.outcome.set_exception(refusal)
                # Marks it as seen: whoever waited may have gone, and the log has it already.
                waiting.outcome.exception()

    def _stored(self, waiting: Waiting, outcome: Outcome) -> None:
        for listener in self._listeners:
            listener(waiting.device, waiting.batch, outcome)
        if not waiting.outcome.done():
            waiting.outcome.set_result(outcome)
