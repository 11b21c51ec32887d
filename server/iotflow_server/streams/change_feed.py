"""Changes of the commands and configurations of devices, published to the streams of this process."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from iotflow_server.streams.active_streams import ActiveStream

# Items in the queue of one subscription. A full queue becomes a gap, and the subscriber reads the database instead.
MOST_WAITING = 10_000
# The interval at which a stream reads the database. It bounds the delay of changes of other processes while Redis is unavailable.
POLL_SECONDS = 30.0


class DeviceChange(Protocol):
    @property
    def device_id(self) -> int: ...


Item = TypeVar("Item", bound=DeviceChange)


class ChangeSubscription(Generic[Item]):
    """The bounded queue of one subscriber. A publisher never waits for it."""

    def __init__(self, wanted: Callable[[Item], bool]) -> None:
        self._wanted = wanted
        self._items: list[Item] = []
        self._has_gap = False
        self._arrived = asyncio.Event()

    def offer(self, item: Item) -> None:
        """Queue the item if the filter accepts it."""
        if self._has_gap or not self._wanted(item):
            return
        if len(self._items) == MOST_WAITING:
            self.mark_gap()
            return
        self._items.append(item)
        self._arrived.set()

    def mark_gap(self) -> None:
        """Replace the queue by a gap: any item may have changed."""
        self._items.clear()
        self._has_gap = True
        self._arrived.set()

    def wake(self) -> None:
        """Make wait() return without an item."""
        self._arrived.set()

    async def wait(self, seconds: float) -> None:
        """Return at the next item, gap or wake(), and at the latest after this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return

    def take(self) -> tuple[Sequence[Item], bool]:
        """The items since the last call, and whether there is a gap besides."""
        items, has_gap = self._items, self._has_gap
        self._items, self._has_gap = [], False
        self._arrived.clear()
        return items, has_gap


class ChangeFeed(Generic[Item]):
    """Publishes the changes that this process makes, and those that it receives from other processes."""

    def __init__(self) -> None:
        self._by_device: dict[int, set[ChangeSubscription[Item]]] = {}
        self._of_all: set[ChangeSubscription[Item]] = set()
        self._listeners: list[Callable[[Item], None]] = []

    def on_publish(self, listener: Callable[[Item], None]) -> None:
        """Call listener with every change that this process makes."""
        self._listeners.append(listener)

    def publish(self, items: Iterable[Item]) -> None:
        """Publish changes of this process, which must be durable."""
        for item in items:
            self.publish_remote(item)
            for listener in self._listeners:
                listener(item)

    def publish_remote(self, item: Item) -> None:
        """Publish a change of another process. Listeners are not called."""
        for subscription in (*self._by_device.get(item.device_id, ()), *self._of_all):
            subscription.offer(item)

    def mark_gap(self, device_id: int | None = None) -> None:
        """Mark a gap in the subscriptions of this device, or of all devices: changes may have been lost."""
        named = () if device_id is None else self._by_device.get(device_id, ())
        of_devices = named if device_id is not None else [one for some in self._by_device.values() for one in some]
        for subscription in (*of_devices, *self._of_all):
            subscription.mark_gap()

    @contextmanager
    def subscribe(self, device_id: int | None, wanted: Callable[[Item], bool]) -> Iterator[ChangeSubscription[Item]]:
        """Subscribe to this device, or to all devices, until the block is left."""
        subscription = ChangeSubscription(wanted)
        group = self._of_all if device_id is None else self._by_device.setdefault(device_id, set())
        group.add(subscription)
        try:
            yield subscription
        finally:
            group.discard(subscription)
            if device_id is not None and not group:
                self._by_device.pop(device_id, None)


class PolledChanges(Generic[Item]):
    """The changes for one stream of responses, which reads the database besides: at first, after a gap, and regularly.

    seconds: the interval of the regular reads.
    """

    def __init__(self, subscription: ChangeSubscription[Item], active_stream: ActiveStream, seconds: float) -> None:
        self._subscription = subscription
        self._active_stream = active_stream
        self._seconds = seconds
        self._read_at = 0.0
        active_stream.ended.add_done_callback(lambda _: subscription.wake())

    def read_next(self) -> None:
        """Make the next call of next() request a read."""
        self._read_at = 0.0

    async def next(self) -> tuple[Sequence[Item], bool]:
        """Wait for changes, a gap, a wake() of the subscription, or the time of the next read.

        Returns the changes, and whether the database is to be read. Raises the error that ends the stream.
        """
        if self._active_stream.end_error:
            raise self._active_stream.end_error
        now = asyncio.get_running_loop().time
        await self._subscription.wait(self._read_at - now())
        changes, has_gap = self._subscription.take()
        is_due = has_gap or now() >= self._read_at
        if is_due:
            self._read_at = now() + self._seconds
        return changes, is_due
