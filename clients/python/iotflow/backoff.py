"""How long to wait before trying again."""

import math
import random


class Backoff:
    """Waits that double from `first` to `longest` seconds, shortened by chance: a fleet must not come back at once."""

    def __init__(self, first: float = 0.2, longest: float = 30.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """Something went well."""
        self._failures = 0

    def delay(self, at_least: float | None) -> float:
        """Seconds to wait after another failure. at_least: what the server asked for, kept to in full."""
        # The exponent is bounded, lest the power outgrow a float.
        highest = min(math.ldexp(self._first, min(self._failures, 60)), self._longest)
        self._failures += 1
        return (at_least or 0.0) + highest * random.uniform(0.5, 1.0)  # noqa: S311
