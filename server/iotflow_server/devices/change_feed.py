"""What was changed for devices, told to those who wait for it: streams, gateways, watchers."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

# What one listener has not taken yet; beyond that it is told that it missed something, and looks for itself.
MOST_WAITING = 10_000


class DeviceChange(Protocol):
    @property
    def device_id(self) -> int: ...


Item = TypeVar("Item", bound=DeviceChange)


class ChangeSubscription(Generic[Item]):
    """One listener's bounded queue: who tells never waits for it."""

    def __init__(self, wanted: Callable[[Item], bool]) -> None:
        self._wanted = wanted
        self._items: list[Item] = []
        self._missed = False
        self._arrived = asyncio.Event()

    def offer(self, item: Item) -> None:
        """Queue it where it is wanted."""
        if self._missed or not self._wanted(item):
            return
        if len(self._items) == MOST_WAITING:
            self.miss()
            return
        self._items.append(item)
        self._arrived.set()

    def miss(self) -> None:
        """Have it told that anything may have changed."""
        self._items.clear()
        self._missed = True
        self._arrived.set()

    def wake(self) -> None:
        """Let wait() return, so that its caller can look around."""
        self._arrived.set()

    async def wait(self, seconds: float) -> None:
        """Until something has come or was missed, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return

    def take(self) -> tuple[Sequence[Item], bool]:
        """What has come since the last call, and whether something was missed besides."""
        items, missed = self._items, self._missed
        self._items, self._missed = [], False
        self._arrived.clear()
        return items, missed


class ChangeFeed(Generic[Item]):
    """Tells what this process changes, and what it hears of others' changes, to all who listen in it."""

    def __init__(self) -> None:
        self._by_device: dict[int, set[ChangeSubscription[Item]]] = {}
        self._of_all: set[ChangeSubscription[Item]] = set()
        self._others: list[Callable[[Item], None]] = []

    def on_change(self, tell_others: Callable[[Item], None]) -> None:
        """Call it with everything that this process changes."""
        self._others.append(tell_others)

    def tell(self, items: Iterable[Item]) -> None:
        """Changed here, and durably."""
        for item in items:
            self.hear(item)
            for tell_others in self._others:
                tell_others(item)

    def hear(self, item: Item) -> None:
        """Changed by another process."""
        for listener in (*self._by_device.get(item.device_id, ()), *self._of_all):
            listener.offer(item)

    def miss(self, device_id: int | None = None) -> None:
        """Nobody knows what was changed, of this device or of any."""
        named = () if device_id is None else self._by_device.get(device_id, ())
        of_devices = named if device_id is not None else [one for some in self._by_device.values() for one in some]
        for listener in (*of_devices, *self._of_all):
            listener.miss()

    @contextmanager
    def listen(self, device_id: int | None, wanted: Callable[[Item], bool]) -> Iterator[ChangeSubscription[Item]]:
        """Hears all that is told until the block is left, of this device or of all."""
        listener = ChangeSubscription(wanted)
        group = self._of_all if device_id is None else self._by_device.setdefault(device_id, set())
        group.add(listener)
        try:
            yield listener
        finally:
            group.discard(listener)
            if device_id is not None and not group:
                self._by_device.pop(device_id, None)
