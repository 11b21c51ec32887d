"""The Arrow IPC stream: the columns as they lie in memory, readable while they come."""

import pyarrow as pa
from pyarrow import ipc

from iotflow_server.telemetry.exporting.gathering import Gathering
from iotflow_server.telemetry.exporting.pieces import Pieces

GROUP_BYTES = 2**20


class ArrowStream:
    """A record batch of about GROUP_BYTES at a time."""

    def __init__(self, pieces: Pieces, schema: pa.Schema) -> None:
        self._writer = ipc.new_stream(pieces, schema)
        self._gathering = Gathering(self._write_group, GROUP_BYTES)

    def write(self, rows: pa.RecordBatch) -> None:
        self._gathering.add(rows)

    def close(self) -> None:
        self._gathering.flush()
        self._writer.close()

    def _write_group(self, table: pa.Table) -> None:
        self._writer.write_table(table.combine_chunks())
