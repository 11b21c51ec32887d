"""One subscriber's queue."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from iotflow_server.telemetry.live.events import Dropped, EventFilter, FeedState, LiveEvent, PresenceChange


@dataclass(slots=True)
class Subscription:
    """A bounded queue: the publisher never waits for it, the oldest events make room for new ones.

    limit: bytes of readings. state: how the feed is, to be told where it is not None.
    """

    interest: EventFilter
    limit: int
    state: FeedState | None = None
    _events: deque[LiveEvent | PresenceChange] = field(default_factory=deque)
    _size: int = 0
    _dropped: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        if self.state is not None:
            self._arrived.set()

    @property
    def waiting(self) -> bool:
        """Whether there are events it has not taken."""
        return bool(self._events)

    def offer(self, event: LiveEvent) -> None:
        """Queue what is of interest, dropping the oldest events beyond the limit."""
        selected = self.interest.select(event)
        if selected is not None:
            self._put(selected)

    def announce(self, change: PresenceChange) -> None:
        """The same for a device that came or went."""
        if self.interest.covers(change.source):
            self._put(change)

    def _put(self, event: LiveEvent | PresenceChange) -> None:
        self._events.append(event)
        self._size += event.size
        while self._size > self.limit and len(self._events) > 1:
            lost = self._events.popleft()
            self._size -= lost.size
            self._dropped += lost.readings
        self._arrived.set()

    def lose(self, readings: int) -> None:
        """Have it told that so many readings did not get here."""
        self._dropped += readings
        self._arrived.set()

    def tell(self, state: FeedState) -> None:
        """Have it told how the feed is now."""
        self.state = state
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

    def take(self) -> LiveEvent | PresenceChange | Dropped | FeedState | None:
        """What is to be told next: how the feed is, what was lost, then the oldest waiting event."""
        if self.state is not None:
            state, self.state = self.state, None
            return state
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return Dropped(dropped)
        if not self._events:
            self._arrived.clear()
            return None
        event = self._events.popleft()
        self._size -= event.size
        return event
