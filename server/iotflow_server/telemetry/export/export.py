"""One export under way: batches in, pieces of the file out."""

from collections.abc import Iterator

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Column
from iotflow_server.telemetry.export.columns import Columns
from iotflow_server.telemetry.export.formats import Format
from iotflow_server.telemetry.export.pieces import Pieces

# Written at a time: texts can make rows very long, and many devices with measurements of their own very wide.
SLICE_BYTES = 8 * 2**20
SLICE_CELLS = 1_000_000
# Read at a time, with and without texts in the columns.
TEXT_ROWS, ROWS = 1_000, 10_000


class Export:
    """A file of settled columns. Its methods compute for milliseconds: call them in a thread, one at a time."""

    def __init__(self, format_: Format, columns: Columns) -> None:
        self._columns = columns
        self._pieces = Pieces()
        self._writer = format_.writer(self._pieces, columns.schema)

    @property
    def chunk_rows(self) -> int:
        """How many rows of a device to add at a time, so that what is in memory stays bounded."""
        return TEXT_ROWS if self._columns.hold_text else ROWS

    def add(self, device: Device, batch: Batch) -> list[bytes]:
        """Write a device's readings; the pieces that are ready."""
        for part in _slices(batch, len(self._columns.schema)):
            self._writer.write(self._columns.rows(device, part))
        return self._pieces.take()

    def finish(self) -> list[bytes]:
        """Write the end; the last pieces, an empty one where nothing is left: a file without a byte is one too."""
        self._writer.close()
        return self._pieces.take(everything=True) or [b""]


def _slices(batch: Batch, columns: int) -> Iterator[Batch]:
    rows = max(1, min(SLICE_CELLS // columns, SLICE_BYTES * len(batch.times) // batch.size))
    if rows >= len(batch.times):
        yield batch
        return
    for first in range(0, len(batch.times), rows):
        yield _slice(batch, slice(first, first + rows))


def _slice(batch: Batch, rows: slice) -> Batch:
    parts = (
        Column(c.measurement, c.type, c.values[rows], None if c.valid is None else c.valid[rows]) for c in batch.columns
    )
    return Batch(batch.device_id, batch.times[rows], tuple(parts))
