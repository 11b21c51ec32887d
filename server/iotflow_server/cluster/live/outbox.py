"""What a process has to tell the others: numbered, and kept until they can hear it."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from iotflow_server.cluster.live.entries import Head, body, entry, grouped
from iotflow_server.telemetry.live import LiveReadings

# What the stream has taken is kept a little longer: Redis may die before the others have read it.
KEPT_SECONDS = 2.0
# Of what is passed on by one call; a Redis that is busy answers no sooner for less.
APPEND_BYTES = 4 * 2**20


@dataclass(slots=True)
class Leaving:
    """An entry on its way. taken: when the stream took it, in monotonic seconds."""

    number: int
    readings: int
    body: bytes
    taken: float = 0.0


class Outbox:
    """Entries in the order of their numbers: first some that the stream has taken, then those that wait for it.

    limit_bytes: what may wait; see drop_oldest. What this process's own subscribers have not heard is kept beside that.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._publisher = uuid4().bytes
        self._limit = limit_bytes
        self._number = 0
        self._taken: deque[Leaving] = deque()
        self._taken_bytes = 0
        self._waiting: deque[Leaving] = deque()
        self._waiting_bytes = 0
        self._unheard: deque[tuple[int, Sequence[LiveReadings]]] = deque()
        self._dropped = 0
        self._untold = 0
        # The last number that next() gave, 0 when settled; and the drops it told.
        self._offered = 0
        self._offered_drops = 0

    @property
    def waiting_bytes(self) -> int:
        """What the stream has not taken."""
        return self._waiting_bytes

    @property
    def waiting_readings(self) -> int:
        """What the stream has not taken."""
        return sum(leaving.readings for leaving in self._waiting)

    @property
    def dropped(self) -> int:
        """Readings that others will never hear."""
        return self._dropped

    def put(self, told: Sequence[LiveReadings]) -> None:
        """Add readings at the end."""
        for group in grouped(told):
            self._number += 1
            leaving = Leaving(self._number, sum(len(one.batch.times) for one in group), body(group))
            self._waiting.append(leaving)
            self._waiting_bytes += len(leaving.body)
            self._unheard.append((self._number, group))

    def next(self) -> list[tuple[int, bytes]]:
        """The oldest that wait, as number of readings and payload; empty when none does. Say by settle() what became of them."""
        entries: list[tuple[int, bytes]] = []
        size = 0
        self._offered_drops = self._untold
        for leaving in self._waiting:
            size += len(leaving.body)
            if entries and size > APPEND_BYTES:
                break
            head = Head(self._publisher, leaving.number, leaving.readings, 0 if entries else self._untold)
            entries.append((leaving.readings, entry(head, leaving.body)))
            self._offered = leaving.number
        return entries

    def settle(self, *, taken: bool) -> None:
        """Whether the stream has taken what next() gave."""
        offered, self._offered = self._offered, 0
        if not taken:
            return
        self._untold -= self._offered_drops
        now = time.monotonic()
        while self._waiting and self._waiting[0].number <= offered:
            leaving = self._waiting.popleft()
            self._waiting_bytes -= len(leaving.body)
            leaving.taken = now
            self._taken.append(leaving)
            self._taken_bytes += len(leaving.body)
        while self._taken and (self._taken_bytes > self._limit or self._taken[0].taken < now - KEPT_SECONDS):
            self._taken_bytes -= len(self._taken.popleft().body)

    def put_back(self) -> None:
        """The stream has lost what it took: what is kept of that waits again."""
        self._waiting.extendleft(reversed(self._taken))
        self._waiting_bytes += self._taken_bytes
        self._taken.clear()
        self._taken_bytes = 0

    def drop_oldest(self) -> None:
        """Drop what waits beyond the limit; the others are told how many readings that were by the next entry."""
        # What has been given away is not touched: it may have been taken.
        while self._waiting_bytes > self._limit and self._waiting[0].number > self._offered:
            leaving = self._waiting.popleft()
            self._waiting_bytes -= len(leaving.body)
            self._dropped += leaving.readings
            self._untold += leaving.readings

    def is_own(self, head: Head) -> bool:
        """Whether an entry came from here."""
        return head.publisher == self._publisher

    def hear(self, number: int | None = None) -> list[LiveReadings]:
        """What this process's own subscribers have not heard, up to the entry of that number, or all; each once."""
        heard: list[LiveReadings] = []
        while self._unheard and (number is None or self._unheard[0][0] <= number):
            heard += self._unheard.popleft()[1]
        return heard
