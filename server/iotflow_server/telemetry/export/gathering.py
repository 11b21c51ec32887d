"""Rows of many devices together, for the formats that are better read in large groups."""

from collections.abc import Callable

import pyarrow as pa

# An array costs some hundred bytes however short it is: so many batches are written whatever they hold.
_MOST_BATCHES = 1_000


class GroupWriter:
    """Writes a file by tables of at least group_bytes, but for the last. write_group, close_file: of the format."""

    def __init__(
        self, write_group: Callable[[pa.Table], object], close_file: Callable[[], None], group_bytes: int
    ) -> None:
        self._write_group = write_group
        self._close_file = close_file
        self._group_bytes = group_bytes
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def write(self, rows: pa.RecordBatch) -> None:
        """Take rows, all of one schema."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= self._group_bytes or len(self._waiting) >= _MOST_BATCHES:
            self._flush()

    def close(self) -> None:
        """Write what waits, and what ends the file."""
        self._flush()
        self._close_file()

    def _flush(self) -> None:
        if self._waiting:
            self._write_group(pa.Table.from_batches(self._waiting))
            self._waiting.clear()
            self._bytes = 0
