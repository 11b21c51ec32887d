"""The columnar formats: the Arrow IPC stream and Parquet, written in groups of rows.

A Parquet file that was cut short has no footer and cannot be opened.
"""

import io
from collections.abc import Callable

import pyarrow as pa
from pyarrow import ipc, parquet

# Size of a record batch of the Arrow stream.
ARROW_GROUP_BYTES = 2**20
# Size in memory of a Parquet row group. The footer lists every group: small groups would make it long.
PARQUET_GROUP_BYTES = 8 * 2**20
# An Arrow array takes some hundred bytes even if it is short: this many batches are written regardless of their size.
_MOST_BATCHES = 1_000


def arrow_stream(file: io.RawIOBase, schema: pa.Schema) -> "GroupWriter":
    """Writes the Arrow IPC stream."""
    writer = ipc.new_stream(file, schema)
    return GroupWriter(lambda group: writer.write_table(group.combine_chunks()), writer.close, ARROW_GROUP_BYTES)


def parquet_file(file: io.RawIOBase, schema: pa.Schema) -> "GroupWriter":
    """Writes a Parquet file."""
    writer = parquet.ParquetWriter(file, schema)
    return GroupWriter(
        lambda group: writer.write_table(group, row_group_size=group.num_rows), writer.close, PARQUET_GROUP_BYTES
    )


class GroupWriter:
    """Collects rows of many devices into tables of at least group_bytes; the last one may be smaller. write_group, close_file:
    the operations of the format."""

    def __init__(
        self, write_group: Callable[[pa.Table], object], close_file: Callable[[], None], group_bytes: int
    ) -> None:
        self._write_group = write_group
        self._close_file = close_file
        self._group_bytes = group_bytes
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows, all of one schema."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= self._group_bytes or len(self._waiting) >= _MOST_BATCHES:
            self._flush()

    def close(self) -> None:
        """Write the waiting rows and the end of the file."""
        self._flush()
        self._close_file()

    def _flush(self) -> None:
        if self._waiting:
            self._write_group(pa.Table.from_batches(self._waiting))
            self._waiting.clear()
            self._bytes = 0
