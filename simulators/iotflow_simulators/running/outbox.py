"""The readings of a device whose fate is not known yet."""

from collections import deque
from collections.abc import Iterable

from iotflow_simulators.doors.link import Outgoing

# The most readings that wait in a device.
MOST_WAITING = 20_000


class Outbox:
    """Readings that wait, in their order, and readings on their way. Each reading passes here: few calls, no copies."""

    __slots__ = ("_in_flight", "_kept", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Outgoing] = deque()
        # What a device with a wrong key keeps for the time after.
        self._kept: deque[Outgoing] = deque()
        self._in_flight: dict[int, Outgoing] = {}

    def __len__(self) -> int:
        return len(self.waiting) + len(self._in_flight)

    @property
    def is_empty(self) -> bool:
        """Whether the fate of all readings is known, except of those that are set aside."""
        return not len(self)

    def add(self, outgoing: Outgoing) -> bool:
        """Let a reading wait; False where there is no room."""
        if len(self.waiting) >= MOST_WAITING:
            return False
        self.waiting.append(outgoing)
        return True

    def take(self, window: int) -> list[Outgoing]:
        """The next readings to send. window: the most that are on their way at once."""
        waiting, in_flight = self.waiting, self._in_flight
        chosen = []
        while waiting and len(in_flight) < window:
            outgoing = waiting.popleft()
            in_flight[outgoing.number] = outgoing
            chosen.append(outgoing)
        return chosen

    def take_back(self) -> None:
        """What is on its way waits again, before what waits already."""
        if self._in_flight:
            self.waiting.extendleft(reversed(self._in_flight.values()))
            self._in_flight = {}

    def report(self, number: int) -> Outgoing | None:
        """The fate of a reading is known. None: it was not on its way."""
        return self._in_flight.pop(number, None)

    def forget(self) -> None:
        """Lose all that waits."""
        self.waiting.clear()

    def drain(self) -> Iterable[Outgoing]:
        """All that waits, which then waits no more."""
        waiting, self.waiting = self.waiting, deque()
        return waiting

    def set_aside(self) -> None:
        """Keep what waits for later."""
        self._kept.extend(self.drain())

    def restore(self) -> None:
        """Only what was set aside waits."""
        self.waiting, self._kept = self._kept, deque()
