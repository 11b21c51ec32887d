"""The formats of an export."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from iotflow_server.telemetry.export.arrow_stream import arrow_stream
from iotflow_server.telemetry.export.csv_lines import CsvLines, SafeCsvLines
from iotflow_server.telemetry.export.json_lines import JsonLines
from iotflow_server.telemetry.export.parquet_file import parquet_file
from iotflow_server.telemetry.export.pieces import Pieces


class Writer(Protocol):
    """Writes one file."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows of the schema; a writer may hold on to a bounded number of them."""

    def close(self) -> None:
        """Write what is left, and what ends the file."""


@dataclass(frozen=True, slots=True)
class Format:
    """suffix: of a file's name. writer: begins a file with columns of the schema."""

    content_type: str
    suffix: str
    writer: Callable[[Pieces, pa.Schema], Writer]


SAFE_CSV = Format("text/csv; charset=utf-8", "csv", SafeCsvLines)
FORMATS = {
    "csv": Format("text/csv; charset=utf-8", "csv", CsvLines),
    "ndjson": Format("application/x-ndjson", "ndjson", JsonLines),
    "parquet": Format("application/vnd.apache.parquet", "parquet", parquet_file),
    "arrow": Format("application/vnd.apache.arrow.stream", "arrows", arrow_stream),
}
