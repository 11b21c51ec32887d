"""What went wrong last, and how often what did."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_RECENT = 20
# Reasons that are counted by name. The server chooses some of them.
MOST_REASONS = 20
OTHER = "OTHER"
LONGEST_MESSAGE = 200


class Error(NamedTuple):
    """second: of the loop. device: its index in the plan."""

    second: float
    device: int
    reason: str
    message: str


@dataclass(slots=True)
class Errors:
    """Lost connections and refused readings of a run, by reason."""

    problems: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    recent: deque[Error] = field(default_factory=lambda: deque(maxlen=MOST_RECENT))

    def lost(self, second: float, device: int, reason: str, message: str) -> None:
        """A connection was lost or could not be made."""
        _count(self.problems, reason)
        self.recent.append(Error(second, device, reason, message[:LONGEST_MESSAGE]))

    def refused(self, second: float, device: int, reason: str, message: str) -> None:
        """A reading, or one value of it, was refused."""
        _count(self.refusals, reason)
        self.recent.append(Error(second, device, reason, message[:LONGEST_MESSAGE]))


def _count(counts: dict[str, int], reason: str) -> None:
    name = reason if reason in counts or len(counts) < MOST_REASONS else OTHER
    counts[name] = counts.get(name, 0) + 1
