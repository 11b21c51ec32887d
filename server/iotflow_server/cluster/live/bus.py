"""The live bus between server processes that share a Redis."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.live.outbox import Outbox
from iotflow_server.cluster.live.stream import STREAM_BYTES, Stream
from iotflow_server.cluster.live.subscription import Listener
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.live import BusState, FeedState, LiveFeed, LiveReadings
from iotflow_server.telemetry.outcome import Stored

# What senders wait for at the most, once, when Redis stops answering.
PUBLISH_SECONDS = 0.5
# What a part of the backlog may take, and the time between two tries to reach Redis.
BACKLOG_SECONDS, RETRY_SECONDS = 1.0, 0.5
# Before the next read when all has been read: many small entries are then read by few calls.
PAUSE_SECONDS = 0.01
# What may wait for Redis.
BACKLOG_BYTES = 32 * 2**20

DEGRADED = "the line between the server's processes is down: readings that others take may come late, or not at all"

log = structlog.get_logger(__name__)


class RedisBus:
    """LiveBus over a Redis stream.

    While Redis answers, the feed is told only what is read from the stream, this process's own readings too: the stream's
    order is everybody's, and a reading is in it before its sender is answered. While it does not, the feed is told this
    process's readings directly, and what others should hear waits in a backlog; when Redis is back, even with nothing left
    in it, they get that late. Entries are numbered by their publishers, so that none is told twice.

    stream_bytes: what Redis keeps for readers that are behind. backlog_bytes: what waits here while Redis is away; beyond it
    the oldest is dropped, and others are told how much that was.
    """

    def __init__(
        self,
        feed: LiveFeed,
        connection: RedisConnection,
        *,
        stream_bytes: int = STREAM_BYTES,
        backlog_bytes: int = BACKLOG_BYTES,
    ) -> None:
        self._feed = feed
        self._stream = Stream(connection, stream_bytes)
        self._outbox = Outbox(backlog_bytes)
        self._listener = Listener(feed, self._stream, self._outbox)
        self._sending = asyncio.Lock()
        self._epoch = 0
        self._up = False
        self._told = FeedState()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        with self._or_down():
            await self._connect()
        self._keeping = asyncio.create_task(self._keep(), name="live bus")

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        if waiting := self._outbox.waiting_readings:
            log.warning("live bus closed before others heard all", readings=waiting)

    @property
    def state(self) -> BusState:
        dropped = self._outbox.dropped + self._listener.missed
        return BusState(self._told.degraded, self._told.message, self._outbox.waiting_bytes, dropped)

    async def check(self) -> str:
        return self._told.message

    async def publish(self, stored: Sequence[Stored]) -> None:
        with self._or_down():
            self._outbox.put([LiveReadings(one.device, one.batch) for one in stored])
            if self._up:
                async with self._sending:
                    if self._up:
                        await self._send()
        if not self._up:
            self._tell_directly()

    async def _send(self) -> None:
        deadline = time.monotonic() + PUBLISH_SECONDS
        # Whoever waits for the lock has put more there: it goes along.
        while entries := self._outbox.next():
            await self._append(entries, deadline - time.monotonic())

    async def _keep(self) -> None:
        while True:
            with self._or_down():
                if self._up:
                    await self._listen()
                else:
                    await asyncio.sleep(RETRY_SECONDS)
                    await self._connect()

    async def _listen(self) -> None:
        while self._up:
            if not await self._listener.hear():
                await asyncio.sleep(PAUSE_SECONDS)

    async def _connect(self) -> None:
        # Somebody may still be sending who began before the line went down; nobody begins now.
        async with self._sending:
            self._epoch = (await self._listener.connect()).epoch
            while entries := self._outbox.next():
                await self._append(entries, BACKLOG_SECONDS)
            self._go_up()

    async def _append(self, entries: Sequence[tuple[int, bytes]], seconds: float) -> None:
        taken = False
        try:
            await self._stream.append(self._epoch, entries, seconds)
            taken = True
        finally:
            self._outbox.settle(taken=taken)

    @contextmanager
    def _or_down(self) -> Iterator[None]:
        try:
            yield
        except Unavailable as refusal:
            self._go_down(refusal.reason)
        except Exception:
            # Whoever stores must not fail over those who listen, and the bus must outlive an entry it cannot read.
            log.exception("live bus failed")
            self._go_down("FAILED")

    def _go_up(self) -> None:
        # No await between the last look into the outbox and this: what is put there from now on is sent by publish.
        self._up = True
        if self._told.degraded:
            log.info("live bus recovered")
            self._tell_state(FeedState())

    def _go_down(self, reason: str) -> None:
        self._up = False
        self._tell_directly()
        if not self._told.degraded:
            log.warning("live bus degraded", reason=reason)
            self._tell_state(FeedState(True, DEGRADED))

    def _tell_directly(self) -> None:
        self._feed.tell(self._outbox.hear())
        self._outbox.drop_oldest()

    def _tell_state(self, state: FeedState) -> None:
        self._told = state
        self._feed.set_state(state)
