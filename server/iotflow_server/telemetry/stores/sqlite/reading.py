"""Reads that end when nobody waits for them any more, or when they take too long."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# SQLite asks each time it has done so many steps: every few milliseconds.
STEPS = 100_000


class Deadline:
    """Of one read. abandoned: its caller has gone."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.abandoned = False

    @property
    def has_passed(self) -> bool:
        return time.monotonic() > self._end

    def is_over(self) -> bool:
        """Whether the read must end."""
        return self.abandoned or self.has_passed


class ReadingConnection(sqlite3.Connection):
    """A connection whose statements end with sqlite3.OperationalError once the deadline of the read under way is over."""

    _deadline: Deadline | None = None

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """Inside, the deadline holds: for a long statement, and for the next of many short ones."""
        self._deadline = deadline
        self.set_progress_handler(deadline.is_over, STEPS)
        try:
            yield
        finally:
            self._deadline = None
            self.set_progress_handler(None, 0)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self._deadline is not None and self._deadline.is_over():
            raise sqlite3.OperationalError("interrupted")
        return super().execute(*arguments)
