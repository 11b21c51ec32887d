"""What the person at the terminal says about a CSV file, instead of having it recognised."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Choices:
    """Empty: recognise it. time_column: a name of the header, or a number from 1. time_format: s, ms, us, ns, or as strptime has
    it. timezone: of times without an offset; None: UTC. delimiter: one character. encoding: as Python names it."""

    time_column: str = ""
    time_format: str = ""
    timezone: ZoneInfo | None = None
    delimiter: str = ""
    encoding: str = ""


RECOGNISE = Choices()
