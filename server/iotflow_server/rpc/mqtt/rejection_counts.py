"""Counts of messages that adapters rejected, by reason."""

from collections import Counter
from collections.abc import Mapping

# Reasons are constants of the adapter. Further reasons are counted as OTHER, which bounds the memory.
MOST_REASONS, OTHER = 100, "OTHER"


class RejectionCounts:
    """Counts of all adapters that report to this process, since its start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the counts of a report."""
        for reason, count in counts.items():
            is_counted = reason in self._counts or len(self._counts) < MOST_REASONS
            self._counts[reason if is_counted else OTHER] += count

    @property
    def counts(self) -> dict[str, float]:
        """The counts by reason."""
        return dict(self._counts)
