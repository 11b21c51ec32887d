"""One export in progress: batches in, pieces of the file out."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.export.columns import Columns
from iotflow_server.telemetry.export.formats import CsvLines, JsonLines, SafeCsvLines, arrow_stream, parquet_file

# Small enough that every hop can pass a piece on while the next one is written, large enough to make the cost of a message
# negligible.
PIECE_BYTES = 256 * 1024
# Largest part of a batch that is written at a time: texts can make rows very long, and many devices very wide.
SLICE_BYTES = 8 * 2**20
SLICE_CELLS = 1_000_000
# Rows read at a time, for exports with and without text columns.
TEXT_ROWS, ROWS = 1_000, 10_000

Item = TypeVar("Item")


class FormatWriter(Protocol):
    """Writes one file."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows of the schema; a writer may hold back a bounded number of them."""

    def close(self) -> None:
        """Write the remaining rows and the end of the file."""


@dataclass(frozen=True, slots=True)
class Format:
    """suffix: of the file name. writer: starts a file with the columns of a schema."""

    content_type: str
    suffix: str
    writer: Callable[[io.RawIOBase, pa.Schema], FormatWriter]


SAFE_CSV = Format("text/csv; charset=utf-8", "csv", SafeCsvLines)
FORMATS = {
    "csv": Format("text/csv; charset=utf-8", "csv", CsvLines),
    "ndjson": Format("application/x-ndjson", "ndjson", JsonLines),
    "parquet": Format("application/vnd.apache.parquet", "parquet", parquet_file),
    "arrow": Format("application/vnd.apache.arrow.stream", "arrows", arrow_stream),
}


class Export:
    """A file with a fixed set of columns. The methods compute for milliseconds: call them in a thread, one at a time."""

    def __init__(self, format_: Format, columns: Columns) -> None:
        self._columns = columns
        self._pieces = Pieces()
        self._writer = format_.writer(self._pieces, columns.schema)

    @property
    def chunk_rows(self) -> int:
        """Number of rows to add at a time so that memory stays bounded."""
        return TEXT_ROWS if self._columns.hold_text else ROWS

    def add(self, device: Device, batch: Batch) -> list[bytes]:
        """Write readings of a device; returns the completed pieces."""
        for part in _slices(batch, len(self._columns.schema)):
            self._writer.write(self._columns.rows(device, part))
        return self._pieces.take()

    def finish(self) -> list[bytes]:
        """Write the end of the file; returns the last pieces, at least one, which may be empty."""
        self._writer.close()
        return self._pieces.take(everything=True) or [b""]


class Pieces(io.RawIOBase):
    """A file whose content is taken in pieces while it is written."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._waiting += view
        return view.nbytes

    def take(self, *, everything: bool = False) -> list[bytes]:
        """The content written since the last call, in pieces of PIECE_BYTES; a shorter rest is kept unless everything is
        taken."""
        whole = len(self._waiting) if everything else len(self._waiting) // PIECE_BYTES * PIECE_BYTES
        taken = [bytes(self._waiting[at : at + PIECE_BYTES]) for at in range(0, whole, PIECE_BYTES)]
        del self._waiting[:whole]
        return taken


async def prefetched(items: AsyncGenerator[Item]) -> AsyncGenerator[Item]:
    """Yield the items and fetch the next one while one is processed. Always closes the generator."""
    async with aclosing(items):
        coming = asyncio.ensure_future(anext(items, None))
        try:
            while (item := await coming) is not None:
                coming = asyncio.ensure_future(anext(items, None))
                yield item
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


def _slices(batch: Batch, columns: int) -> Iterator[Batch]:
    rows = max(1, min(SLICE_CELLS // columns, SLICE_BYTES * len(batch.times) // batch.size))
    if rows >= len(batch.times):
        yield batch
        return
    for first in range(0, len(batch.times), rows):
        part = slice(first, first + rows)
        yield Batch(batch.device_id, batch.times[part], tuple(column.select(part) for column in batch.columns))
