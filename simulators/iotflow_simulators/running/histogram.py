"""Durations by their length."""

import math

# Buckets of a factor of two.
STEPS = 8
SMALLEST = 1e-5
BUCKETS = 240
_LAST = BUCKETS - 1


def bucket(seconds: float) -> int:
    """The bucket of a duration."""
    if seconds <= SMALLEST:
        return 0
    place = int(math.log2(seconds / SMALLEST) * STEPS)
    return place if place < _LAST else _LAST


def end_of(place: int) -> float:
    """The longest duration of a bucket."""
    length: float = SMALLEST * 2 ** ((place + 1) / STEPS)
    return length


class Histogram:
    """Durations in seconds, to about 9 %."""

    __slots__ = ("counts", "highest", "sum")

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.sum = 0.0
        self.highest = 0.0

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.counts)

    def add(self, seconds: float, count: int = 1) -> None:
        """Add a duration. count: how often."""
        self.counts[bucket(seconds)] += count
        self.sum += seconds * count
        if seconds > self.highest:
            self.highest = seconds

    def add_one(self, place: int, seconds: float) -> None:
        """Add a duration whose bucket is known. Each reading is added to several histograms."""
        self.counts[place] += 1
        self.sum += seconds
        if seconds > self.highest:
            self.highest = seconds

    def merge(self, other: "Histogram") -> None:
        """Add all durations of another one."""
        self.counts = [own + more for own, more in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum
        self.highest = max(self.highest, other.highest)

    def quantile(self, share: float) -> float:
        """The duration below which this share is; 0 for none."""
        wanted, seen = share * self.count, 0
        for place, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return min(end_of(place), self.highest)
        return 0.0
