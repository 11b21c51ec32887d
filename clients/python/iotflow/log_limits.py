"""Log lines that would come again with every request while a part is away or a disk is full."""

import time
from typing import Any

LINE_SECONDS = 10.0


class Interval:
    """Ten seconds: the least that is between two lines of a log."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def passed(self) -> bool:
        """Whether it has passed since this was true the last time."""
        now = time.monotonic()
        if now < self._ends_at:
            return False
        self._ends_at = now + LINE_SECONDS
        return True


class LogLimit:
    """Lets one line through in ten seconds, for each event and reason, with how many were left out since."""

    def __init__(self) -> None:
        # By event and reason: the time between two lines, and how many were left out since the last one.
        self._lines: dict[tuple[str, str], tuple[Interval, int]] = {}

    def warning(self, log: Any, event: str, *, reason: str, **facts: object) -> None:
        """Log it, or count it for the next line. reason: one of few, so that another cause is heard of at once."""
        interval, left_out = self._lines.get((event, reason)) or (Interval(), 0)
        if not interval.passed():
            self._lines[event, reason] = interval, left_out + 1
            return
        self._lines[event, reason] = interval, 0
        more = {"left_out": left_out} if left_out else {}
        log.warning(event, reason=reason, **facts, **more)
