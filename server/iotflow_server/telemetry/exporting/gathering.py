"""Rows of many devices together, for the formats that are better read in large groups."""

from collections.abc import Callable

import pyarrow as pa

# An array costs some hundred bytes however short it is: so many batches are written whatever they hold.
_MOST_BATCHES = 1_000


class Gathering:
    """Hands rows on in tables of at least group_bytes, but for the last."""

    def __init__(self, hand_on: Callable[[pa.Table], None], group_bytes: int) -> None:
        self._hand_on = hand_on
        self._group_bytes = group_bytes
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows, all of one schema."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= self._group_bytes or len(self._waiting) >= _MOST_BATCHES:
            self.flush()

    def flush(self) -> None:
        """Hand on what waits."""
        if self._waiting:
            self._hand_on(pa.Table.from_batches(self._waiting))
            self._waiting.clear()
            self._bytes = 0
