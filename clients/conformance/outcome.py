"""The outcome of a scenario."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """reason: of a failure or an omission."""

    scenario: str
    state: Literal["passed", "failed", "skipped"]
    reason: str = ""
    seconds: float = 0.0
