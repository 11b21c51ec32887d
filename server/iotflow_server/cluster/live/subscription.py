"""What a process hears from the stream, and what it finds that it missed."""

from iotflow_server.cluster.live.entries import Head, head_of, told_in
from iotflow_server.cluster.live.outbox import Outbox
from iotflow_server.cluster.live.stream import READ_ENTRIES, Place, Stream
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.live import LiveFeed

# Publishers whose last number is remembered; there is one a process.
PUBLISHERS = 1_000


class Listener:
    """Tells the feed what stands in the stream, each entry once. missed: readings that were gone before they were read."""

    def __init__(self, feed: LiveFeed, stream: Stream, outbox: Outbox) -> None:
        self._feed = feed
        self._stream = stream
        self._outbox = outbox
        # No stream is of epoch 0: the end is not known yet.
        self._place = Place(0)
        self._numbers: dict[bytes, int] = {}
        self.missed = 0

    async def connect(self) -> Place:
        """Find the place to go on from; the answer's epoch is the stream's. Raises Unavailable.

        That is the end at first, then where it left off; or the beginning, where Redis has lost the stream.
        """
        end = await self._stream.end()
        if not self._place.epoch:
            self._place = end
        elif self._place.epoch != end.epoch:
            self._place = Place(end.epoch)
            self._outbox.put_back()
        return self._place

    async def hear(self) -> bool:
        """Tell what comes next, after waiting a while for it; whether there may be more by now. Raises Unavailable."""
        entries = await self._stream.read(self._place)
        for place, payload in entries:
            if place.epoch != self._place.epoch:
                raise Unavailable("REDIS_EMPTIED", "Redis has lost what it held")
            head = head_of(payload)
            missed = place.readings - head.readings - self._place.readings
            self._place = place
            if missed:
                self._lose(missed)
            self._tell(head, payload)
        return len(entries) >= READ_ENTRIES

    def _tell(self, head: Head, payload: bytes) -> None:
        if self._outbox.is_own(head):
            self._feed.tell(self._outbox.hear(head.number))
        elif self._is_new(head):
            if head.dropped:
                self._lose(head.dropped)
            if self._feed.subscribers:
                self._feed.tell(told_in(payload))

    def _is_new(self, head: Head) -> bool:
        """Whether it was not heard before: its publisher may have told it again."""
        last = self._numbers.pop(head.publisher, 0)
        self._numbers[head.publisher] = max(last, head.number)
        if len(self._numbers) > PUBLISHERS:
            del self._numbers[next(iter(self._numbers))]
        return head.number > last

    def _lose(self, readings: int) -> None:
        self.missed += readings
        self._feed.lose(readings)
