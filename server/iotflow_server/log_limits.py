"""Log lines that would come again with every request while a part is away or a disk is full."""

import time
from typing import Any

LINE_SECONDS = 10.0


class LogLimit:
    """Lets one line through in ten seconds, for each event and reason, with how many were left out since."""

    def __init__(self) -> None:
        # By event and reason: when the next line is due, and how many were left out.
        self._lines: dict[tuple[str, str], tuple[float, int]] = {}

    def warning(self, log: Any, event: str, *, reason: str, **facts: object) -> None:
        """Log it, or count it for the next line. reason: one of few, so that another cause is heard of at once."""
        due, left_out = self._lines.get((event, reason), (0.0, 0))
        now = time.monotonic()
        if now < due:
            self._lines[event, reason] = due, left_out + 1
            return
        self._lines[event, reason] = now + LINE_SECONDS, 0
        more = {"left_out": left_out} if left_out else {}
        log.warning(event, reason=reason, **facts, **more)
