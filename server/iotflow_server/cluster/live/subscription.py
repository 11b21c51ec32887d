"""Reading of the stream, and detection of missed readings."""

from iotflow_server.cluster.live.entries import EntryHead, head_of, readings_in
from iotflow_server.cluster.live.outbox import Outbox
from iotflow_server.cluster.live.stream import READ_ENTRIES, LiveStream, StreamPosition
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.live import LiveFeed

# Number of publishers whose last entry is remembered; each process is one.
PUBLISHERS = 1_000


class StreamSubscription:
    """Publishes the entries of the stream to the feed, each once. missed: readings that were trimmed before they were read."""

    def __init__(self, feed: LiveFeed, stream: LiveStream, outbox: Outbox) -> None:
        self._feed = feed
        self._stream = stream
        self._outbox = outbox
        # No stream has epoch 0: the end is not known yet.
        self._position = StreamPosition(0)
        self._numbers: dict[bytes, int] = {}
        self.missed = 0

    async def connect(self) -> StreamPosition:
        """Find the position to read on from, in the current epoch of the stream. Raises Unavailable.

        At first that is the end, later the last position read, or the beginning if Redis lost the stream.
        """
        end = await self._stream.end()
        if not self._position.epoch:
            self._position = end
        elif self._position.epoch != end.epoch:
            self._position = StreamPosition(end.epoch)
            self._outbox.put_back()
        return self._position

    async def receive(self) -> bool:
        """Publish the next entries, waiting for them; returns whether more may be available. Raises Unavailable."""
        entries = await self._stream.read(self._position)
        for position, payload in entries:
            if position.epoch != self._position.epoch:
                raise Unavailable(
                    "REDIS_EMPTIED", "Redis has lost its data; live readings continue with the new stream."
                )
            head = head_of(payload)
            missed = position.readings - head.readings - self._position.readings
            self._position = position
            if missed:
                self._mark_gap(missed)
            self._publish(head, payload)
        return len(entries) >= READ_ENTRIES

    def _publish(self, head: EntryHead, payload: bytes) -> None:
        if self._outbox.is_own(head):
            self._feed.publish(self._outbox.take_unpublished(head.number))
        elif self._is_new(head):
            if head.dropped:
                self._mark_gap(head.dropped)
            if self._feed.subscribers:
                self._feed.publish(readings_in(payload))

    def _is_new(self, head: EntryHead) -> bool:
        """Whether the entry was not received before: its publisher may have appended it twice."""
        last = self._numbers.pop(head.publisher, 0)
        self._numbers[head.publisher] = max(last, head.number)
        if len(self._numbers) > PUBLISHERS:
            del self._numbers[next(iter(self._numbers))]
        return head.number > last

    def _mark_gap(self, readings: int) -> None:
        self.missed += readings
        self._feed.mark_gap(readings)
