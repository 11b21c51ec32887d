"""Parquet: columns compressed in row groups; a file that was cut short has no footer and opens nowhere."""

import pyarrow as pa
from pyarrow import parquet

from iotflow_server.telemetry.exporting.gathering import Gathering
from iotflow_server.telemetry.exporting.pieces import Pieces

# Of one row group in memory; the footer names each, so small ones would make it long.
GROUP_BYTES = 8 * 2**20


class ParquetFile:
    """A row group of about GROUP_BYTES at a time."""

    def __init__(self, pieces: Pieces, schema: pa.Schema) -> None:
        self._writer = parquet.ParquetWriter(pieces, schema)
        self._gathering = Gathering(self._write_group, GROUP_BYTES)

    def write(self, rows: pa.RecordBatch) -> None:
        self._gathering.add(rows)

    def close(self) -> None:
        self._gathering.flush()
        self._writer.close()

    def _write_group(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=table.num_rows)
