"""The readings of a device whose fate is not known yet."""

from collections import deque
from collections.abc import Iterable

from iotflow_simulators.doors.link import Outgoing

# The most readings that wait in a device.
MOST_WAITING = 20_000


class Outbox:
    """Readings that wait, in their order, and readings on their way."""

    def __init__(self) -> None:
        self._waiting: deque[Outgoing] = deque()
        # What a device with a wrong key keeps for the time after.
        self._kept: deque[Outgoing] = deque()
        self._in_flight: dict[int, Outgoing] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    @property
    def has_waiting(self) -> bool:
        """Whether readings wait."""
        return bool(self._waiting)

    @property
    def is_empty(self) -> bool:
        """Whether the fate of all readings is known, except of those that are set aside."""
        return not len(self)

    def add(self, outgoing: Outgoing) -> bool:
        """Let a reading wait; False where there is no room."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(outgoing)
        return True

    def take(self, window: int) -> list[Outgoing]:
        """The next readings to send. window: the most that are on their way at once."""
        room = min(window - len(self._in_flight), len(self._waiting))
        chosen = [self._waiting.popleft() for _ in range(room)]
        for outgoing in chosen:
            self._in_flight[outgoing.number] = outgoing
        return chosen

    def take_back(self) -> None:
        """What is on its way waits again, before what waits already."""
        if self._in_flight:
            self._waiting.extendleft(reversed(self._in_flight.values()))
            self._in_flight = {}

    def report(self, number: int) -> Outgoing | None:
        """The fate of a reading is known. None: it was not on its way."""
        return self._in_flight.pop(number, None)

    def forget(self) -> None:
        """Lose all that waits."""
        self._waiting.clear()

    def drain(self) -> Iterable[Outgoing]:
        """All that waits, which then waits no more."""
        waiting, self._waiting = self._waiting, deque()
        return waiting

    def set_aside(self) -> None:
        """Keep what waits for later."""
        self._kept.extend(self.drain())

    def restore(self) -> None:
        """Only what was set aside waits."""
        self._waiting, self._kept = self._kept, deque()
