"""The Arrow IPC stream: the columns as they lie in memory, readable while they come."""

import pyarrow as pa
from pyarrow import ipc

from iotflow_server.telemetry.export.gathering import GroupWriter
from iotflow_server.telemetry.export.pieces import Pieces

GROUP_BYTES = 2**20


def arrow_stream(pieces: Pieces, schema: pa.Schema) -> GroupWriter:
    """A record batch of about GROUP_BYTES at a time."""
    writer = ipc.new_stream(pieces, schema)
    return GroupWriter(lambda group: writer.write_table(group.combine_chunks()), writer.close, GROUP_BYTES)
