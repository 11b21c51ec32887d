"""Parquet: columns compressed in row groups; a file that was cut short has no footer and opens nowhere."""

import pyarrow as pa
from pyarrow import parquet

from iotflow_server.telemetry.export.gathering import GroupWriter
from iotflow_server.telemetry.export.pieces import Pieces

# Of one row group in memory; the footer names each, so small ones would make it long.
GROUP_BYTES = 8 * 2**20


def parquet_file(pieces: Pieces, schema: pa.Schema) -> GroupWriter:
    """A row group of about GROUP_BYTES at a time."""
    writer = parquet.ParquetWriter(pieces, schema)
    return GroupWriter(
        lambda group: writer.write_table(group, row_group_size=group.num_rows), writer.close, GROUP_BYTES
    )
