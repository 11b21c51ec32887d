"""What a run measures of the service and of itself."""

import math
import time
from dataclasses import dataclass, field

# Buckets of a factor of two.
_STEPS = 8
_SMALLEST = 1e-5
_BUCKETS = 240
# Readings that leave the simulator later than this are a sign that it is the limit.
LATE = 0.1


class Histogram:
    """Durations in seconds, to about 9 %."""

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0
        self.highest = 0.0

    def add(self, seconds: float) -> None:
        """Add a duration."""
        place = int(math.log2(seconds / _SMALLEST) * _STEPS) if seconds > _SMALLEST else 0
        self._counts[min(place, _BUCKETS - 1)] += 1
        self.count += 1
        if seconds > self.highest:
            self.highest = seconds

    def quantile(self, share: float) -> float:
        """The duration below which this share is; 0 for none."""
        wanted, seen = share * self.count, 0
        for place, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_SMALLEST * 2 ** ((place + 1) / _STEPS), self.highest)
        return 0.0


@dataclass(slots=True)
class DoorMeasures:
    """latency: from when a reading was due until it was acknowledged. dropped: readings that a device had no room for."""

    due: int = 0
    acknowledged: int = 0
    refused: int = 0
    lost_connections: int = 0
    dropped: int = 0
    latency: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Measures:
    """A run. lag: how much later than due a reading left the schedule."""

    doors: dict[str, DoorMeasures] = field(default_factory=dict)
    lag: Histogram = field(default_factory=Histogram)
    started: float = 0.0
    processor: float = 0.0
    problems: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """The schedule begins now."""
        self.started, self.processor = time.monotonic(), time.process_time()

    @property
    def seconds(self) -> float:
        """Since the schedule began; 0 before that."""
        return time.monotonic() - self.started if self.started else 0.0

    @property
    def processor_share(self) -> float:
        """The simulator's own use of one processor."""
        return (time.process_time() - self.processor) / max(self.seconds, 1e-3)

    @property
    def is_own_limit(self) -> bool:
        """Whether the simulator could not keep its schedule."""
        return self.lag.quantile(0.99) > LATE

    def total(self, name: str) -> int:
        """The sum of a count over the doors."""
        return sum(getattr(door, name) for door in self.doors.values())

    def problem(self, reason: str) -> None:
        """Count why a connection was lost."""
        self.problems[reason] = self.problems.get(reason, 0) + 1
