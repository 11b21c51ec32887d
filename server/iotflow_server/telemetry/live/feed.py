"""The live feed of this process: readings go out to whoever listens to it."""

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from iotflow_server.telemetry.live.events import EventFilter, FeedState, LiveEvent, LiveReadings, PresenceChange
from iotflow_server.telemetry.live.pieces import joined, pieces
from iotflow_server.telemetry.live.subscription import Subscription

# An event costs each subscriber a message. What comes within this time of the last round goes out with the next one, so
# that many small batches become few messages; after a pause a batch goes out at once.
ROUND_SECONDS = 0.02
# While most subscribers have not got the last round yet, the next one waits longer, but no longer than this: rounds grow
# instead of queues.
LONGEST_ROUND_SECONDS = 0.1
# More than this does not wait for its round.
ROUND_BYTES = 8 * 2**20
# Events no larger than a page can show and a client's default limit of a message allows.
EVENT_ROWS, EVENT_VALUES = 1_000, 20_000
# So many bytes of the newest readings and of what is made of them for one subscriber are kept for the others.
SHARED_BYTES = 16 * 2**20


class LiveFeed:
    """Hands what it is told to every subscription, each device's readings in the order of telling."""

    def __init__(self, queue_bytes: int) -> None:
        self._limit = queue_bytes
        self._by_id: dict[int, Subscription] = {}
        self._state = FeedState()
        self._gathered: list[LiveReadings] = []
        self._gathered_bytes = 0
        self._last_round = -math.inf
        self._next_round: asyncio.TimerHandle | None = None
        self._shared: deque[LiveEvent] = deque()
        self._shared_bytes = 0

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._by_id)

    def tell(self, told: Sequence[LiveReadings]) -> None:
        """Offer readings to all who listen."""
        if not self._by_id:
            return
        self._gathered += told
        self._gathered_bytes += sum(one.size for one in told)
        loop = asyncio.get_running_loop()
        wait = self._last_round + ROUND_SECONDS - loop.time()
        if wait <= 0 or self._gathered_bytes > ROUND_BYTES:
            self._round()
        elif self._next_round is None:
            self._next_round = loop.call_later(wait, self._round_is_due)

    def announce(self, change: PresenceChange) -> None:
        """Offer it to all who listen, behind the readings told before."""
        self._round()
        for subscription in self._by_id.values():
            subscription.announce(change)

    def lose(self, readings: int) -> None:
        """Tell all who listen that so many readings did not get here."""
        self._round()
        for subscription in self._by_id.values():
            subscription.lose(readings)

    def set_state(self, state: FeedState) -> None:
        """Tell all who listen, and who will, how the feed is now."""
        self._round()
        self._state = state
        for subscription in self._by_id.values():
            subscription.tell(state)

    @contextmanager
    def subscribe(self, interest: EventFilter) -> Iterator[Subscription]:
        """A subscription that hears everything told from now until the block is left."""
        self._round()
        subscription = Subscription(interest, self._limit, self._state if self._state.degraded else None)
        self._by_id[id(subscription)] = subscription
        try:
            yield subscription
        finally:
            del self._by_id[id(subscription)]
            if not self._by_id:
                self._forget()

    def _forget(self) -> None:
        """Hold nothing for others: there are none."""
        self._gathered, self._gathered_bytes = [], 0
        self._shared.clear()
        self._shared_bytes = 0

    def _round_is_due(self) -> None:
        behind = sum(subscription.waiting for subscription in self._by_id.values())
        loop = asyncio.get_running_loop()
        if 2 * behind > len(self._by_id) and loop.time() < self._last_round + LONGEST_ROUND_SECONDS:
            self._next_round = loop.call_later(ROUND_SECONDS, self._round_is_due)
        else:
            self._round()

    def _round(self) -> None:
        """Offer all that has gathered."""
        if self._next_round is not None:
            self._next_round.cancel()
            self._next_round = None
        gathered, self._gathered, self._gathered_bytes = self._gathered, [], 0
        if not gathered:
            return
        self._last_round = asyncio.get_running_loop().time()
        for one in joined(gathered):
            for piece in pieces(one, min(EVENT_ROWS, max(1, EVENT_VALUES // len(one.batch.columns)))):
                self._offer(LiveEvent(piece.source, piece.batch))

    def _offer(self, event: LiveEvent) -> None:
        for subscription in self._by_id.values():
            subscription.offer(event)
        self._shared.append(event)
        self._shared_bytes += event.rendered_size
        while self._shared_bytes > SHARED_BYTES:
            oldest = self._shared.popleft()
            self._shared_bytes -= oldest.rendered_size
            oldest.forget()
