"""Durations by their length."""

import math
from array import array

# Buckets of a factor of two.
STEPS = 8
SMALLEST = 1e-5
BUCKETS = 240


class Histogram:
    """Durations in seconds, to about 9 %."""

    def __init__(self) -> None:
        self.counts = array("Q", bytes(8 * BUCKETS))
        self.count = 0
        self.sum = 0.0
        self.highest = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        """Add a duration. count: how often."""
        place = int(math.log2(seconds / SMALLEST) * STEPS) if seconds > SMALLEST else 0
        self.counts[min(place, BUCKETS - 1)] += count
        self.count += count
        self.sum += seconds * count
        if seconds > self.highest:
            self.highest = seconds

    def merge(self, other: "Histogram") -> None:
        """Add all durations of another one."""
        for place, count in enumerate(other.counts):
            if count:
                self.counts[place] += count
        self.count += other.count
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


def end_of(place: int) -> float:
    """The longest duration of a bucket."""
    length: float = SMALLEST * 2 ** ((place + 1) / STEPS)
    return length
