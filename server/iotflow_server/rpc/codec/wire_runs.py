"""Whose the rows of a batch are."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_server.errors import InvalidArgument

# Each run is divided from the others, column by column.
MOST_RUNS, MOST_PIECES = 1_000, 200_000


@dataclass(frozen=True, slots=True)
class Run:
    """Rows first .. end-1, all of one device."""

    device_id: int
    first: int
    end: int


def runs(message: TelemetryBatch) -> list[Run]:
    """The rows that stand together, device by device. Raises InvalidArgument."""
    rows = len(message.timestamps)
    if not message.device_ids:
        return [Run(message.device_id, 0, rows)]
    if message.device_id:
        raise InvalidArgument("device_ids", "stands instead of device_id; leave one of them out")
    if message.atomic:
        raise InvalidArgument("atomic", "a batch of many devices cannot be atomic; send a batch a device")
    if len(message.device_ids) != rows:
        raise InvalidArgument("device_ids", f"has {len(message.device_ids)} devices for {rows} timestamps")
    ids = np.array(message.device_ids, np.int32)
    edges = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), rows]
    if len(edges) > MOST_RUNS + 1:
        raise InvalidArgument("device_ids", f"changes more than {MOST_RUNS} times; put each device's rows together")
    if (len(edges) - 1) * len(message.columns) > MOST_PIECES:
        raise InvalidArgument("device_ids", f"devices times columns are more than {MOST_PIECES:,}; send them apart")
    return [Run(int(ids[first]), first, end) for first, end in pairwise(edges)]
