"""Changes of devices' commands and configurations, published to subscribers in this process."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

# Items in the queue of one subscription. A full queue becomes a gap, and the subscriber reads the database instead.
MOST_WAITING = 10_000


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
