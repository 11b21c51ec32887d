"""Limits log lines that would repeat with every request while a part is unavailable or a disk is full."""

import time
from typing import Any

LINE_SECONDS = 10.0


class Interval:
    """The shortest time between two log lines: ten seconds."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def passed(self) -> bool:
        """Whether the interval has passed since the last call that returned true."""
        now = time.monotonic()
        if now < self._ends_at:
            return False
        self._ends_at = now + LINE_SECONDS
        return True


class LogLimit:
    """Passes one line in ten seconds for each event and reason, with the number of lines omitted since."""

    def __init__(self) -> None:
        # By event and reason: the interval, and the number of lines omitted since the last one.
        self._lines: dict[tuple[str, str], tuple[Interval, int]] = {}

    def warning(self, log: Any, event: str, *, reason: str, **facts: object) -> None:
        """Log the line, or count it for the next one. reason: one of a few, so that each cause has its own line."""
        interval, left_out = self._lines.get((event, reason)) or (Interval(), 0)
        if not interval.passed():
            self._lines[event, reason] = interval, left_out + 1
            return
        self._lines[event, reason] = interval, 0
        more = {"left_out": left_out} if left_out else {}
        log.warning(event, reason=reason, **facts, **more)
