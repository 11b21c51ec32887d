"""A device as a gRPC caller, and the batches it sends."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import grpc
from google.rpc import error_details_pb2, status_pb2

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

T0 = 1_767_225_600_000


class Caller(NamedTuple):
    """The id of a device, and its credentials as metadata."""

    id: int
    metadata: tuple[tuple[str, str], ...]


def batch(sequence: int, rows: int = 3, first: int = 0, **columns: Any) -> telemetry_pb2.TelemetryBatch:
    """Rows a second apart from T0 + first seconds; columns by name, one `value` where none is given."""
    times = [T0 + (first + row) * 1_000 for row in range(rows)]
    message = telemetry_pb2.TelemetryBatch(sequence=sequence, timestamps=times)
    for name, wire in (columns or {"value": {"doubles": [float(first + row) for row in range(rows)]}}).items():
        message.columns.add(measurement=name, **wire)
    return message


def stream(
    stub: TelemetryServiceStub, caller: Caller, batches: Iterable[telemetry_pb2.TelemetryBatch]
) -> list[telemetry_service_pb2.StreamTelemetryResponse]:
    """All acknowledgements of a stream that ends without an error."""
    return list(stub.StreamTelemetry(iter(batches), metadata=caller.metadata, timeout=60))


def read(stub: TelemetryServiceStub, caller: Caller, **asked: Any) -> dict[str, dict[int, Any]]:
    """All stored readings of the device: values by measurement and time."""
    found: dict[str, dict[int, Any]] = {}
    request = telemetry_service_pb2.ReadTelemetryRequest(device_ids=[caller.id], **asked)
    for answer in stub.ReadTelemetry(request, metadata=caller.metadata, timeout=60):
        times = list(answer.batch.timestamps)
        for column in answer.batch.columns:
            found.setdefault(column.measurement, {}).update(present(times, column))
    return found


def present(times: list[int], column: telemetry_pb2.Column) -> Iterator[tuple[int, Any]]:
    """The present values of a column, with their times."""
    (values,) = [data for field, data in column.ListFields() if field.name not in ("measurement", "validity")]
    for row, (time, value) in enumerate(zip(times, values, strict=True)):
        if not column.validity or column.validity[row // 8] >> row % 8 & 1:
            yield time, value


def reason(error: grpc.RpcError) -> str:
    """The reason of the ErrorInfo."""
    return str(details(error, error_details_pb2.ErrorInfo)[0].reason)


def fields(error: grpc.RpcError) -> list[str]:
    """The fields that the error names."""
    return [v.field for found in details(error, error_details_pb2.BadRequest) for v in found.field_violations]


def details(error: grpc.RpcError, kind: Any) -> list[Any]:
    """The error details of one type."""
    status = status_pb2.Status.FromString(trailing(error)["grpc-status-details-bin"])
    found = []
    for item in status.details:
        detail = kind()
        if item.Unpack(detail):
            found.append(detail)
    return found


def trailing(error: Any) -> dict[str, Any]:
    """The trailing metadata of the error."""
    return {str(key): value for key, value in error.trailing_metadata() or ()}
