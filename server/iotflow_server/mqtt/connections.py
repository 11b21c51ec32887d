"""Connections of MQTT clients to endpoints, published to the other endpoints, which end their older connections of these clients."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

# Connections in the queue of an endpoint. Beyond it the oldest are dropped: the endpoint then ends an older connection when it uses a
# stored session, or when it is silent.
MOST_WAITING = 100_000


@dataclass(frozen=True, slots=True)
class OpenedConnection:
    """A connection to an endpoint. device_id: 0 for a login that is not of a device, which username names. opened_at: milliseconds
    since 1970 UTC; later for a later connection."""

    endpoint: str
    device_id: int
    username: str
    client_id: str
    opened_at: int


Listener = Callable[[Sequence[OpenedConnection]], None]


class ConnectionSubscription:
    """The connections to other endpoints since the last call of take."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._waiting: deque[OpenedConnection] = deque(maxlen=MOST_WAITING)
        self._arrived = asyncio.Event()

    def add(self, opened: Sequence[OpenedConnection]) -> None:
        """Queue those to other endpoints."""
        self._waiting.extend(one for one in opened if one.endpoint != self._endpoint)
        if self._waiting:
            self._arrived.set()

    def wake(self) -> None:
        """Make wait() return."""
        self._arrived.set()

    async def wait(self) -> None:
        """Wait for connections, or for wake()."""
        await self._arrived.wait()
        self._arrived.clear()

    def take(self, most: int) -> list[OpenedConnection]:
        """Remove and return the oldest."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]


class MqttConnections:
    """now: milliseconds since 1970 UTC."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._last = 0
        self._subscriptions: set[ConnectionSubscription] = set()
        self._listeners: list[Listener] = []

    def on_publish(self, listener: Listener) -> None:
        """Call listener with the connections that this process publishes."""
        self._listeners.append(listener)

    def next_time(self) -> int:
        """The time of a connection that opens now, which is later than all before."""
        self._last = max(self._last + 1, self._now())
        return self._last

    def publish(self, opened: Sequence[OpenedConnection]) -> None:
        """Publish connections that this process has opened."""
        self.publish_remote(opened)
        for listener in self._listeners:
            listener(opened)

    def publish_remote(self, opened: Sequence[OpenedConnection]) -> None:
        """Publish connections that another process has opened."""
        for subscription in self._subscriptions:
            subscription.add(opened)

    @contextmanager
    def subscribe(self, endpoint: str) -> Iterator[ConnectionSubscription]:
        """Subscribe an endpoint, until the block is left."""
        subscription = ConnectionSubscription(endpoint)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
