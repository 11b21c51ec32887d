"""Reads back what the server has."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from iotflow.batches import decode_batch
from iotflow.connection import Connection
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

_TYPES = {
    "float64": "DOUBLE",
    "float32": "FLOAT",
    "int64": "INT64",
    "int32": "INT32",
    "bool": "BOOLEAN",
    "object": "TEXT",
}


class StoredColumn(NamedTuple):
    """Values of a measurement of one device, at times in ms since 1970."""

    device_id: int
    measurement: str
    type: str
    times: list[int]
    values: list[Any]


async def stored_columns(connection: Connection, device_ids: Sequence[int]) -> AsyncIterator[StoredColumn]:
    """Everything that is stored of these devices, device by device. Raises ServerError."""
    request = ReadTelemetryRequest(device_ids=device_ids)
    async with connection.call() as channel:
        async for answer in TelemetryServiceStub(channel).ReadTelemetry(request, metadata=connection.metadata):
            times, columns = decode_batch(answer.batch)
            for name, column in columns.items():
                present = ~np.ma.getmaskarray(column)
                values = np.ma.getdata(column)[present].tolist()
                kind = _TYPES[str(column.dtype)]
                yield StoredColumn(answer.batch.device_id, name, kind, times[present].tolist(), values)
