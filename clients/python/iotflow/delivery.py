"""Batches in the queue in the order in which they are sent, and which of them are on the way."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile

from iotflow.queue_records import Record

# Payloads of a queue on disk that are also kept in memory, because they will be sent soon.
MEMORY_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Entry:
    """A batch in the queue. size: of its payload, bytes. payload: empty: on disk only. record: its place on disk.

    was_tried: room on the disk was already made for it. names_device: whether the batch does; otherwise it is of the key's.
    """

    sequence: int
    rows: int
    size: int
    payload: bytes
    record: Record | None = None
    was_tried: bool = False
    names_device: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether the disk has it."""
        return self.record is not None


class Delivery:
    """What is in the queue. window: largest number of batches on the way."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._entries: deque[Entry] = deque()
        # Number of batches, from the oldest on, that were passed to the current connection.
        self._passed = 0
        # Whether the current connection has acknowledged a batch.
        self._is_proven = False
        self._available = asyncio.Event()
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._segments: Counter[int] = Counter()
        self._newest_segment: int | None = None
        self._dead_segments: list[int] = []
        # The sequence up to which everything was acknowledged or given up; and the same until the store knows it, then 0.
        self.settled = self._unreported = 0
        # Up to this sequence batches are sent one at a time, because one of them ends the stream.
        self._single_until = 0
        self._payload_bytes = 0
        self.bytes = 0
        self.rows = 0
        self.ended = False
        # Called when something can be removed from the store.
        self.on_removed: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def on_the_way(self) -> int:
        """Number of batches that were passed to the current connection and not acknowledged."""
        return self._passed

    def oldest(self) -> Entry:
        """The oldest batch."""
        return self._entries[0]

    def is_settled(self, sequence: int) -> bool:
        """Whether everything up to this sequence has left the queue."""
        return not self._entries or self._entries[0].sequence > sequence

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds after a change, or until end()."""
        if not condition() and not self.ended:
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((condition, changed))
            await changed

    async def wait_for_end(self) -> None:
        """Wait until end()."""
        await self.wait_until(lambda: False)

    def add(self, entry: Entry) -> None:
        """Append a batch that the store has."""
        self._entries.append(entry)
        self.bytes += entry.size
        self.rows += entry.rows
        if entry.record:
            self._note_segment(entry.record.segment)
            self._keep_payload(entry)
        self._update()

    async def next(self) -> Entry:
        """Wait for the next batch for the current connection. The second batch follows the first acknowledgement."""
        while not self._available.is_set():
            # The batch may be dropped before this task runs.
            await self._available.wait()
        self._passed += 1
        self._update()
        return self._entries[self._passed - 1]

    def rewind(self) -> None:
        """Pass everything to a new connection."""
        self._passed = 0
        self._is_proven = False
        self._update()

    def rows_up_to(self, sequence: int) -> int:
        """Rows of the batches on the way up to this sequence."""
        on_the_way = islice(self._entries, self._passed)
        return sum(entry.rows for entry in takewhile(lambda entry: entry.sequence <= sequence, on_the_way))

    def acknowledge(self, sequence: int) -> None:
        """Remove the batches up to this sequence."""
        while self._passed and self._entries[0].sequence <= sequence:
            self._passed -= 1
            self._forget(self._entries.popleft())
            self._is_proven = True
        self._update()

    def remove_oldest(self) -> Entry:
        """Remove the oldest batch, which is on the way and will not be acknowledged."""
        self._passed -= 1
        entry = self._entries.popleft()
        self._forget(entry)
        self._update()
        return entry

    def remove(self, entry: Entry) -> None:
        """Remove a batch on the way that cannot be read."""
        self._entries.remove(entry)
        self._passed -= 1
        self._forget(entry)
        self._update()

    def drop_oldest(self) -> int:
        """Remove the oldest batch that is not on the way; its rows, or 0 where there is none."""
        if self._passed == len(self._entries):
            return 0
        entry = self._entries[self._passed]
        del self._entries[self._passed]
        self._forget(entry)
        self._update()
        return entry.rows

    def suspect(self) -> None:
        """One of the batches on the way ends the stream: send them one at a time from now on."""
        self._single_until = self._entries[self._passed - 1].sequence

    @property
    def has_removed(self) -> bool:
        """Whether take_removed() has anything."""
        return bool(self._unreported or self._dead_segments)

    @property
    def has_dead_segments(self) -> bool:
        """Whether a segment can be deleted."""
        return bool(self._dead_segments)

    def take_removed(self) -> tuple[int, list[int]]:
        """The sequence up to which everything is settled (0: nothing new), and segments that are no longer needed."""
        segments, self._dead_segments = self._dead_segments, []
        sequence, self._unreported = self._unreported, 0
        return sequence, segments

    def release_newest_segment(self) -> None:
        """Let the segment that is being written be deleted, if nothing in it is needed."""
        if self._newest_segment and not self._segments[self._newest_segment]:
            self._dead_segments.append(self._newest_segment)
            self._newest_segment = None

    def end(self) -> None:
        """Release all waiting tasks: no further acknowledgement will come."""
        self.ended = True
        self._update()

    def _keep_payload(self, entry: Entry) -> None:
        if not entry.payload:
            return
        if self._payload_bytes + entry.size > MEMORY_BYTES:
            entry.payload = b""
        else:
            self._payload_bytes += entry.size

    def _note_segment(self, segment: int) -> None:
        self._segments[segment] += 1
        before, self._newest_segment = self._newest_segment, segment
        if before and before != segment:
            self._bury(before)

    def _forget(self, entry: Entry) -> None:
        self.bytes -= entry.size
        self.rows -= entry.rows
        if not self._passed or self._entries[0].sequence > entry.sequence:
            self.settled = self._unreported = entry.sequence
        if entry.record:
            self._payload_bytes -= entry.size if entry.payload else 0
            self._segments[entry.record.segment] -= 1
            if entry.record.segment != self._newest_segment:
                self._bury(entry.record.segment)
        if self.on_removed:
            self.on_removed()

    def _bury(self, segment: int) -> None:
        if not self._segments[segment]:
            del self._segments[segment]
            self._dead_segments.append(segment)

    def _update(self) -> None:
        is_single = bool(self._entries) and self._entries[0].sequence <= self._single_until
        # If the whole window were being written while the server ends the call with an error, gRPC would report the failed
        # write instead of that error.
        allowed = self._window if self._is_proven and not is_single else 1
        if self._passed < min(len(self._entries), allowed):
            self._available.set()
        else:
            self._available.clear()
        self.wake()

    def wake(self) -> None:
        """Release the tasks whose conditions hold now."""
        if not self._waiting:
            return
        still = []
        for condition, changed in self._waiting:
            if changed.done():
                continue
            if self.ended or condition():
                changed.set_result(None)
            else:
                still.append((condition, changed))
        self._waiting = still
