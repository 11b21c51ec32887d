"""Entries of this process on their way to the stream."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from iotflow_server.cluster.live.entries import EntryHead, body, entry, grouped
from iotflow_server.telemetry.live import LiveReadings

# Appended entries are kept this long: Redis may fail before other processes have read them.
KEPT_SECONDS = 2.0
# Largest size of one append; smaller ones are not faster on a busy Redis.
APPEND_BYTES = 4 * 2**20


@dataclass(slots=True)
class OutboxEntry:
    """An entry. appended: time at which it was appended, in monotonic seconds."""

    number: int
    readings: int
    body: bytes
    appended: float = 0.0


class Outbox:
    """Entries in the order of their numbers: appended ones that are kept for a while, then waiting ones.

    limit_bytes: size of the waiting entries; see drop_oldest. Readings that this process has not published to its own
    subscribers are kept separately.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._publisher = uuid4().bytes
        self._limit = limit_bytes
        self._number = 0
        self._appended: deque[OutboxEntry] = deque()
        self._appended_bytes = 0
        self._waiting: deque[OutboxEntry] = deque()
        self._waiting_bytes = 0
        self._unpublished: deque[tuple[int, Sequence[LiveReadings]]] = deque()
        self._dropped = 0
        self._unreported = 0
        # The last number returned by next(), 0 when settled; and the number of drops it reported.
        self._offered = 0
        self._offered_drops = 0

    @property
    def waiting_bytes(self) -> int:
        """Not yet appended to the stream."""
        return self._waiting_bytes

    @property
    def waiting_readings(self) -> int:
        """Not yet appended to the stream."""
        return sum(waiting.readings for waiting in self._waiting)

    @property
    def dropped(self) -> int:
        """Number of readings that other processes will never receive."""
        return self._dropped

    def put(self, readings: Sequence[LiveReadings]) -> None:
        """Add readings."""
        for group in grouped(readings):
            self._number += 1
            waiting = OutboxEntry(self._number, sum(len(one.batch.times) for one in group), body(group))
            self._waiting.append(waiting)
            self._waiting_bytes += len(waiting.body)
            self._unpublished.append((self._number, group))

    def next(self) -> list[tuple[int, bytes]]:
        """The oldest waiting entries, as number of readings and payload; the caller reports the result by settle()."""
        entries: list[tuple[int, bytes]] = []
        size = 0
        self._offered_drops = self._unreported
        for waiting in self._waiting:
            size += len(waiting.body)
            if entries and size > APPEND_BYTES:
                break
            head = EntryHead(self._publisher, waiting.number, waiting.readings, 0 if entries else self._unreported)
            entries.append((waiting.readings, entry(head, waiting.body)))
            self._offered = waiting.number
        return entries

    def settle(self, *, appended: bool) -> None:
        """Report whether the entries of next() were appended."""
        offered, self._offered = self._offered, 0
        if not appended:
            return
        self._unreported -= self._offered_drops
        now = time.monotonic()
        while self._waiting and self._waiting[0].number <= offered:
            waiting = self._waiting.popleft()
            self._waiting_bytes -= len(waiting.body)
            waiting.appended = now
            self._appended.append(waiting)
            self._appended_bytes += len(waiting.body)
        while self._appended and (
            self._appended_bytes > self._limit or self._appended[0].appended < now - KEPT_SECONDS
        ):
            self._appended_bytes -= len(self._appended.popleft().body)

    def put_back(self) -> None:
        """Queue the kept entries again, after the stream lost them."""
        self._waiting.extendleft(reversed(self._appended))
        self._waiting_bytes += self._appended_bytes
        self._appended.clear()
        self._appended_bytes = 0

    def drop_oldest(self) -> None:
        """Drop waiting entries beyond the limit; the next entry reports the number of dropped readings."""
        # Entries returned by next() are not dropped: they may have been appended.
        while self._waiting_bytes > self._limit and self._waiting[0].number > self._offered:
            waiting = self._waiting.popleft()
            self._waiting_bytes -= len(waiting.body)
            self._dropped += waiting.readings
            self._unreported += waiting.readings

    def is_own(self, head: EntryHead) -> bool:
        """Whether this process published an entry."""
        return head.publisher == self._publisher

    def take_unpublished(self, number: int | None = None) -> list[LiveReadings]:
        """Take the readings not yet published in this process, up to the entry with this number, or all."""
        taken: list[LiveReadings] = []
        while self._unpublished and (number is None or self._unpublished[0][0] <= number):
            taken += self._unpublished.popleft()[1]
        return taken
