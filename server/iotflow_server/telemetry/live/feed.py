"""The live feed of this process: stored readings and presence changes, offered to all subscriptions."""

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog

from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.errors import NotFound, Unavailable
from iotflow_server.telemetry.live.events import EventFilter, FeedState, LiveEvent, LiveReadings, PresenceChange
from iotflow_server.telemetry.live.pieces import joined, pieces
from iotflow_server.telemetry.live.subscription import Subscription
from iotflow_server.telemetry.times import to_ms

log = structlog.get_logger(__name__)

# Each event costs a message per subscriber. Readings that arrive within this time of the last round wait for the next one,
# so that many small batches become few messages; after a pause a batch is sent at once.
ROUND_SECONDS = 0.02
# While most subscribers have not taken the last round, the next one waits up to this long: rounds grow instead of queues.
LONGEST_ROUND_SECONDS = 0.1
# Readings beyond this size do not wait.
ROUND_BYTES = 8 * 2**20
# Largest event: it fits the default message limit of clients, and a page can show it.
EVENT_ROWS, EVENT_VALUES = 1_000, 20_000
# Total size of the newest events whose renderings are kept for other subscribers.
SHARED_BYTES = 16 * 2**20

# Changes that wait for the names of their devices; a gap is reported for further ones.
MOST_WAITING = 100_000


class LiveFeed:
    """Offers published readings to every subscription, in the order of publication for each device."""

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
        """Number of subscriptions."""
        return len(self._by_id)

    def publish(self, published: Sequence[LiveReadings]) -> None:
        """Offer readings to all subscriptions."""
        if not self._by_id:
            return
        self._gathered += published
        self._gathered_bytes += sum(one.size for one in published)
        loop = asyncio.get_running_loop()
        wait = self._last_round + ROUND_SECONDS - loop.time()
        if wait <= 0 or self._gathered_bytes > ROUND_BYTES:
            self._round()
        elif self._next_round is None:
            self._next_round = loop.call_later(wait, self._round_is_due)

    def publish_presence(self, change: PresenceChange) -> None:
        """Offer a change to all subscriptions, behind the readings published before."""
        self._round()
        for subscription in self._by_id.values():
            subscription.offer_presence(change)

    def mark_gap(self, readings: int) -> None:
        """Report lost readings to all subscriptions."""
        self._round()
        for subscription in self._by_id.values():
            subscription.mark_gap(readings)

    def set_state(self, state: FeedState) -> None:
        """Report the state of the feed to all present and future subscriptions."""
        self._round()
        self._state = state
        for subscription in self._by_id.values():
            subscription.set_state(state)

    @contextmanager
    def subscribe(self, interest: EventFilter) -> Iterator[Subscription]:
        """A subscription to all readings published until the block is left."""
        self._round()
        subscription = Subscription(interest, self._limit, self._state if self._state.degraded else None)
        self._by_id[id(subscription)] = subscription
        try:
            yield subscription
        finally:
            del self._by_id[id(subscription)]
            if not self._by_id:
                self._release()

    def _release(self) -> None:
        """Release what is held for subscriptions after the last one ended."""
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
        """Offer all gathered readings."""
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
            oldest.drop_renderings()


class PresenceFeed:
    """Publishes presence changes to the subscribers of this process; every process detects the changes itself."""

    def __init__(self, feed: LiveFeed, device_cache: DeviceCache) -> None:
        self._feed = feed
        self._device_cache = device_cache
        self._changes: asyncio.Queue[tuple[int, bool, datetime]] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def changed(self, device_id: int, online: bool, at: datetime) -> None:
        """Queue a change; never waits."""
        if not self._feed.subscribers:
            return
        if self._changes.full():
            self._feed.mark_gap(1)
            return
        self._changes.put_nowait((device_id, online, at))

    async def start(self) -> None:
        """Start publishing."""
        self._task = asyncio.create_task(self._publish_all(), name="presence feed")

    async def close(self) -> None:
        """Stop publishing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _publish_all(self) -> None:
        while True:
            device_id, online, at = await self._changes.get()
            try:
                device = await self._device_cache.get(device_id)
            except NotFound:
                continue
            except Unavailable:
                self._feed.mark_gap(1)
            except Exception:
                # This task must go on: it serves all devices.
                log.exception("presence_change_not_published", device_id=device_id)
            else:
                self._feed.publish_presence(PresenceChange(device, online, to_ms(at)))
