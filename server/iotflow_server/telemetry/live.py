"""The live feed: readings go out to whoever listens, as they are stored."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.outcome import Stored


@dataclass(frozen=True, slots=True)
class Interest:
    """What a subscriber wants to hear; None: no limit."""

    device_ids: frozenset[int] | None = None
    device_types: frozenset[str] | None = None
    measurements: frozenset[str] | None = None

    def select(self, device: Device, batch: Batch) -> Batch | None:
        """The part of a batch that is of interest, or None."""
        if self.device_ids is not None and device.id not in self.device_ids:
            return None
        if self.device_types is not None and device.device_type not in self.device_types:
            return None
        if self.measurements is None:
            return batch
        wanted = tuple(column for column in batch.columns if column.measurement in self.measurements)
        return Batch(batch.device_id, batch.times, wanted) if wanted else None


@dataclass(slots=True)
class Subscription:
    """A subscriber's own bounded queue: the publisher never waits for it, the oldest events make room for new ones."""

    interest: Interest
    limit: int
    _events: deque[tuple[Device, Batch]] = field(default_factory=deque)
    _size: int = 0
    _dropped: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, device: Device, batch: Batch) -> None:
        """Queue what is of interest, dropping the oldest events beyond the limit of bytes."""
        selected = self.interest.select(device, batch)
        if selected is None:
            return
        self._events.append((device, selected))
        self._size += selected.size
        while self._size > self.limit and len(self._events) > 1:
            _, lost = self._events.popleft()
            self._size -= lost.size
            self._dropped += len(lost.times)
        self._arrived.set()

    async def wait(self, timeout: float) -> bool:
        """Whether something is waiting, after at most timeout seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def wake(self) -> None:
        """Let wait() return, so that its caller can look around."""
        self._arrived.set()

    def take_dropped(self) -> int:
        """Readings dropped since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def take(self) -> tuple[Device, Batch] | None:
        """The oldest waiting event."""
        if not self._events:
            self._arrived.clear()
            return None
        event = self._events.popleft()
        self._size -= event[1].size
        return event


class LiveFeed:
    """Hands every stored batch to every subscription."""

    def __init__(self, queue_bytes: int) -> None:
        self._limit = queue_bytes
        self._by_id: dict[int, Subscription] = {}

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._by_id)

    async def publish(self, stored: Sequence[Stored]) -> None:
        """Offer what was stored to all who listen, in the order of storing."""
        for subscription in self._by_id.values():
            for one in stored:
                subscription.offer(one.device, one.batch)

    @contextmanager
    def subscribe(self, interest: Interest) -> Iterator[Subscription]:
        """A subscription that hears everything stored from now until the block is left."""
        subscription = Subscription(interest, self._limit)
        self._by_id[id(subscription)] = subscription
        try:
            yield subscription
        finally:
            del self._by_id[id(subscription)]
