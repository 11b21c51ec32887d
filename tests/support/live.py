"""Live feeds of server processes without the servers."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.live import LiveStream, RedisLiveBus
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.live import (
    DirectBus,
    Dropped,
    EventFilter,
    FeedState,
    LiveBus,
    LiveEvent,
    LiveFeed,
    Subscription,
)
from iotflow_server.telemetry.outcome import Stored

PATIENCE = 30.0
QUEUE_BYTES = 64 * 2**20


class Receiver:
    """The items of a subscription: values in order by device, number of lost readings, states of the feed."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self.values: dict[int, list[Any]] = defaultdict(list)
        self.events: list[LiveEvent] = []
        self.dropped = 0
        self.states: list[bool] = []

    async def until(self, condition: Callable[["Receiver"], object]) -> None:
        """Receive until the condition holds; raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not self.receive() or not condition(self):
                await self._subscription.wait(PATIENCE)

    def receive(self) -> bool:
        """Take all waiting items."""
        while taken := self._subscription.take():
            match taken:
                case Dropped(readings):
                    self.dropped += readings
                case FeedState(degraded, _):
                    self.states.append(degraded)
                case LiveEvent(source, batch):
                    self.events.append(taken)
                    self.values[source.id] += batch.columns[0].values.tolist()
        return True


@dataclass(frozen=True, slots=True)
class Process:
    """The feed and bus of one server process."""

    feed: LiveFeed
    bus: LiveBus

    async def store(self, *stored: Stored) -> None:
        await self.bus.publish(stored)

    @contextmanager
    def receiving(self, interest: EventFilter | None = None) -> Iterator[Receiver]:
        with self.feed.subscribe(interest or EventFilter()) as subscription:
            yield Receiver(subscription)


@asynccontextmanager
async def alone(queue_bytes: int = QUEUE_BYTES) -> AsyncIterator[Process]:
    """A single process."""
    feed = LiveFeed(queue_bytes)
    async with _started(Process(feed, DirectBus(feed))) as process:
        yield process


@asynccontextmanager
async def sharing(
    url: str,
    queue_bytes: int = QUEUE_BYTES,
    stream: Callable[[RedisConnection], LiveStream] = LiveStream,
    **ways: int,
) -> AsyncIterator[Process]:
    """A process that shares a Redis. stream: makes the stream. ways: arguments of RedisLiveBus."""
    feed, connection = LiveFeed(queue_bytes), RedisConnection(url)
    try:
        async with _started(Process(feed, RedisLiveBus(feed, stream(connection), **ways))) as process:
            yield process
    finally:
        await connection.close()


@asynccontextmanager
async def several(url: str, number: int, **ways: Any) -> AsyncIterator[list[Process]]:
    """Several processes that share a Redis."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(sharing(url, **ways)) for _ in range(number)]


@asynccontextmanager
async def _started(process: Process) -> AsyncIterator[Process]:
    await process.bus.start()
    try:
        yield process
    finally:
        await process.bus.close()


def stored(device_id: int, values: Sequence[float], kind: str = "probe", measurement: str = "m") -> Stored:
    """Readings of one measurement."""
    column = Column(measurement, ValueType.DOUBLE, np.array(values, np.float64))
    return Stored(_device(device_id, kind), Batch(device_id, np.arange(len(values)), (column,)))


def _device(number: int, kind: str) -> Device:
    now = utc_now()
    return Device(number, f"device {number} é", "", kind, "active", "", "", "", {}, now, now, None)
