"""Division of the rows of a batch by device."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_server.errors import InvalidArgument

# Each column is divided by run.
MOST_RUNS, MOST_PIECES = 1_000, 200_000


@dataclass(frozen=True, slots=True)
class Run:
    """The rows first to end-1, which belong to one device."""

    device_id: int
    first: int
    end: int


def runs(message: TelemetryBatch) -> list[Run]:
    """Divide the rows into runs of consecutive rows of one device. Raises InvalidArgument."""
    rows = len(message.timestamps)
    if not message.device_ids:
        return [Run(message.device_id, 0, rows)]
    if message.device_id:
        raise InvalidArgument(
            "device_ids", "The fields device_ids and device_id exclude each other. Set only one of them."
        )
    if message.atomic:
        raise InvalidArgument("atomic", "A batch of several devices cannot be atomic. Send one batch per device.")
    if len(message.device_ids) != rows:
        raise InvalidArgument("device_ids", f"The field has {len(message.device_ids)} elements for {rows} timestamps.")
    ids = np.array(message.device_ids, np.int32)
    edges = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), rows]
    if len(edges) > MOST_RUNS + 1:
        raise InvalidArgument(
            "device_ids", f"The device changes more than {MOST_RUNS} times. Group the rows by device."
        )
    if (len(edges) - 1) * len(message.columns) > MOST_PIECES:
        raise InvalidArgument(
            "device_ids", f"The batch has more than {MOST_PIECES:,} devices times columns. Divide it."
        )
    return [Run(int(ids[first]), first, end) for first, end in pairwise(edges)]
