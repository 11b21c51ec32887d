"""Which rate to try next."""

# Rates, as multiples of what the intervals of a scenario give.
LEAST, MOST = 1 / 64, 1024.0
# The limit is known to this factor.
NEAR = 1.1


class LimitSearch:
    """Doubles the rate until a step fails, or halves it until one holds; then divides the gap. most: the highest rate."""

    def __init__(self, most: float = MOST) -> None:
        self.held = 0.0
        self._most = min(most, MOST)
        self._failed = 0.0

    def next(self) -> float | None:
        """The rate to try; None where the search is over."""
        if not self._failed:
            return None if self.held >= self._most else min(max(self.held * 2, 1.0), self._most)
        if not self.held:
            return None if self._failed <= LEAST else self._failed / 2
        return None if self._failed <= self.held * NEAR else (self.held * self._failed) ** 0.5

    def record(self, rate: float, *, held: bool) -> None:
        """Take the result of the rate that was tried."""
        if held:
            self.held = rate
        else:
            self._failed = rate
