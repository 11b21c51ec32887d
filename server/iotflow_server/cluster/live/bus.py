"""The live bus between server processes that share a Redis."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from iotflow_server.cluster.live.outbox import Outbox
from iotflow_server.cluster.live.stream import LiveStream
from iotflow_server.cluster.live.subscription import StreamSubscription
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.live import BusState, FeedState, LiveFeed, LiveReadings
from iotflow_server.telemetry.outcome import Stored, StoredTogether, stored_by_device

# Longest time senders wait, once, when Redis stops responding.
PUBLISH_SECONDS = 0.5
# Time limit of one append of the backlog, and time between two attempts to reach Redis.
BACKLOG_SECONDS, RETRY_SECONDS = 1.0, 0.5
# Pause after all entries were read, so that many small entries are read by few calls.
PAUSE_SECONDS = 0.01
# Size of the backlog while Redis is away.
BACKLOG_BYTES = 32 * 2**20

DEGRADED = "Redis is unavailable; live readings from other server processes may arrive late or not at all."

log = structlog.get_logger(__name__)


class RedisLiveBus:
    """LiveBus over a Redis stream.

    While Redis is available, the feed publishes only entries read from the stream, including those of this process: all
    processes see the order of the stream, and a reading is in it before its sender is acknowledged. While Redis is away, the
    feed publishes the readings of this process directly and a backlog keeps them for the others, which receive them late
    when Redis is back, even if it lost its data. Publishers number their entries, so that none is published twice.

    stream: of all processes. backlog_bytes: size of the backlog; beyond it the oldest entries are dropped
    and their number is reported to the other processes.
    """

    def __init__(
        self,
        feed: LiveFeed,
        stream: LiveStream,
        *,
        backlog_bytes: int = BACKLOG_BYTES,
    ) -> None:
        self._feed = feed
        self._stream = stream
        self._outbox = Outbox(backlog_bytes)
        self._subscription = StreamSubscription(feed, self._stream, self._outbox)
        self._sending = asyncio.Lock()
        self._epoch = 0
        self._up = False
        self._state = FeedState()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        with self._or_down():
            await self._connect()
        self._task = asyncio.create_task(self._run(), name="live bus")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if waiting := self._outbox.waiting_readings:
            log.warning("live_bus_backlog_discarded", readings=waiting)

    @property
    def state(self) -> BusState:
        dropped = self._outbox.dropped + self._subscription.missed
        return BusState(self._state.degraded, self._state.message, self._outbox.waiting_bytes, dropped)

    async def check(self) -> str:
        return self._state.message

    async def publish(self, stored: Sequence[Stored | StoredTogether]) -> None:
        with self._or_down():
            self._outbox.put([LiveReadings(one.device, one.batch) for one in stored_by_device(stored)])
            if self._up:
                async with self._sending:
                    if self._up:
                        await self._send()
        if not self._up:
            self._publish_directly()

    async def _send(self) -> None:
        deadline = time.monotonic() + PUBLISH_SECONDS
        # Callers that wait for the lock have added entries; they are sent along.
        while entries := self._outbox.next():
            await self._append(entries, deadline - time.monotonic())

    async def _run(self) -> None:
        while True:
            with self._or_down():
                if self._up:
                    await self._receive()
                else:
                    await asyncio.sleep(RETRY_SECONDS)
                    await self._connect()

    async def _receive(self) -> None:
        while self._up:
            if not await self._subscription.receive():
                await asyncio.sleep(PAUSE_SECONDS)

    async def _connect(self) -> None:
        # A call that began before Redis failed may still be sending.
        async with self._sending:
            self._epoch = (await self._subscription.connect()).epoch
            while entries := self._outbox.next():
                await self._append(entries, BACKLOG_SECONDS)
            self._go_up()

    async def _append(self, entries: Sequence[tuple[int, bytes]], seconds: float) -> None:
        appended = False
        try:
            await self._stream.append(self._epoch, entries, seconds)
            appended = True
        finally:
            self._outbox.settle(appended=appended)

    @contextmanager
    def _or_down(self) -> Iterator[None]:
        try:
            yield
        except Unavailable as refusal:
            self._go_down(refusal.reason)
        except Exception:
            # Storing must not fail because of subscribers, and the bus must survive an entry that it cannot decode.
            log.exception("live_bus_failed")
            self._go_down("FAILED")

    def _go_up(self) -> None:
        # No await since the outbox was found empty: publish sends the entries that are added from now on.
        self._up = True
        if self._state.degraded:
            log.info("live_bus_recovered")
            self._set_state(FeedState())

    def _go_down(self, reason: str) -> None:
        self._up = False
        self._publish_directly()
        if not self._state.degraded:
            log.warning("live_bus_degraded", reason=reason)
            self._set_state(FeedState(True, DEGRADED))

    def _publish_directly(self) -> None:
        self._feed.publish(self._outbox.take_unpublished())
        self._outbox.drop_oldest()

    def _set_state(self, state: FeedState) -> None:
        self._state = state
        self._feed.set_state(state)
