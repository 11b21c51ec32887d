"""How many messages adapters refused, by reason."""

from collections import Counter
from collections.abc import Mapping

# Reasons are words of the program; whatever else an adapter says counts as one.
MOST_REASONS, OTHER = 100, "OTHER"


class RejectionCounts:
    """Of all adapters that report to this process, since it began."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """As an adapter reports them."""
        for reason, count in counts.items():
            known = reason in self._counts or len(self._counts) < MOST_REASONS
            self._counts[reason if known else OTHER] += count

    @property
    def counts(self) -> dict[str, float]:
        """By reason."""
        return dict(self._counts)
