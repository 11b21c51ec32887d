"""What became of readings, by the time at which they were due."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iotflow_simulators.running.histogram import Histogram

# Bounds the memory of long runs: beyond it, the slots are twice as long.
MOST_SLOTS = 1_800


@dataclass(frozen=True, slots=True)
class Sample:
    """processor: seconds of one processor since the last sample. online: devices. faults: devices with a fault, by kind."""

    processor: float
    online: int
    faults: Mapping[str, int]


@dataclass(slots=True)
class Slot:
    """The readings that were due in a part of the run.

    answered: acknowledged or refused. refused: some of them after they were acknowledged. dropped: the device had no room.
    latency: from when a reading was due until it was acknowledged. lag: from when it was due until it left the schedule.
    processor: seconds of one processor that the simulator used. online: the fewest devices that were; None: not sampled.
    faults: the most devices that had a fault, by kind.
    """

    due: int = 0
    answered: int = 0
    refused: int = 0
    dropped: int = 0
    lost_connections: int = 0
    latency: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    processor: float = 0.0
    online: int | None = None
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def stored(self) -> int:
        """Readings that were acknowledged, and not refused."""
        return max(self.answered - self.refused, 0)

    @property
    def open(self) -> int:
        """Readings without an answer."""
        return max(self.due - self.answered - self.dropped, 0)

    def sample(self, sample: Sample) -> None:
        """Take a sample."""
        self.processor += sample.processor
        self.online = sample.online if self.online is None else min(self.online, sample.online)
        self._add_faults(sample.faults)

    def merge(self, other: "Slot") -> None:
        """Add another slot."""
        for name in ("due", "answered", "refused", "dropped", "lost_connections"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latency.merge(other.latency)
        self.lag.merge(other.lag)
        self.processor += other.processor
        self.online = min((count for count in (self.online, other.online) if count is not None), default=None)
        self._add_faults(other.faults)

    def _add_faults(self, faults: Mapping[str, int]) -> None:
        for kind, devices in faults.items():
            self.faults[kind] = max(self.faults.get(kind, 0), devices)


class Timeline:
    """Slots of equal length. origin: the start of the schedule, in seconds of the running loop; None before it."""

    def __init__(self) -> None:
        self.origin: float | None = None
        self.width = 1.0
        self._slots: list[Slot] = [Slot()]

    def at(self, time: float) -> Slot:
        """The slot of a time, in seconds of the running loop; the first one before the start."""
        index = 0 if self.origin is None else int((time - self.origin) / self.width)
        slots = self._slots
        return slots[index] if 0 <= index < len(slots) else self._grown(max(index, 0))

    def between(self, first: int, last: int) -> Slot:
        """The readings due from second `first` of the run until before second `last`, as far as slots begin there."""
        return _merged(self._slots[int(first / self.width) : int(last / self.width)])

    def open(self, first: int, last: int) -> int:
        """Readings without an answer that were due in these seconds."""
        return sum(slot.open for slot in self._slots[int(first / self.width) : int(last / self.width)])

    def parts(self, most: int) -> tuple[float, list[Slot]]:
        """The whole run in at most this many parts, and the seconds of each."""
        each = -(-len(self._slots) // most)
        starts = range(0, len(self._slots), each)
        return self.width * each, [_merged(self._slots[start : start + each]) for start in starts]

    def _grown(self, index: int) -> Slot:
        while index >= MOST_SLOTS:
            self._slots = [_merged(self._slots[start : start + 2]) for start in range(0, len(self._slots), 2)]
            self.width *= 2
            index //= 2
        self._slots += [Slot() for _ in range(index + 1 - len(self._slots))]
        return self._slots[index]


def _merged(slots: list[Slot]) -> Slot:
    found = Slot()
    for slot in slots:
        found.merge(slot)
    return found
