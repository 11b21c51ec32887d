"""The queue of one subscriber."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from iotflow_server.telemetry.live.events import Dropped, EventFilter, FeedState, LiveEvent, PresenceChange


@dataclass(slots=True)
class Subscription:
    """A bounded queue: the publisher never waits, and the oldest events are dropped for new ones.

    limit: bytes of readings. state: state of the feed that has not been taken yet; None: there is none.
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
        """Whether there are events that have not been taken."""
        return bool(self._events)

    def offer(self, event: LiveEvent) -> None:
        """Queue the requested part of an event, dropping the oldest events beyond the limit."""
        selected = self.interest.select(event)
        if selected is not None:
            self._put(selected)

    def offer_presence(self, change: PresenceChange) -> None:
        """Queue a presence change of a requested device."""
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

    def mark_gap(self, readings: int) -> None:
        """Add to the number of lost readings."""
        self._dropped += readings
        self._arrived.set()

    def set_state(self, state: FeedState) -> None:
        """Set the state of the feed that is taken next."""
        self.state = state
        self._arrived.set()

    async def wait(self, timeout: float) -> bool:
        """Wait up to timeout seconds; returns whether there is something to take."""
        try:
            async with asyncio.timeout(timeout):
                await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def wake(self) -> None:
        """Let wait() return, so that its caller can check other conditions."""
        self._arrived.set()

    def take(self) -> LiveEvent | PresenceChange | Dropped | FeedState | None:
        """Take the next item: the state of the feed, then the number of lost readings, then the oldest event."""
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
