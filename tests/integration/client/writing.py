"""Batches and rejections for the tests of the writer."""

import asyncio
from typing import Any, Never

from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from iotflow.batches import encode_batch
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from tests.integration.client.standin import Context

ROWS = 3


def batch(number: int = 0) -> TelemetryBatch:
    return encode_batch([number * ROWS + row for row in range(ROWS)], {"a": [1.0] * ROWS})


def writers_tasks() -> list[str]:
    """Names of the tasks of writers that are still running."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("telemetry writer")]


async def refuse(context: Context, code: StatusCode, *details: Any, retryable: bool = False) -> Never:
    """Abort the call with an ErrorInfo, as the server does."""
    info = error_details_pb2.ErrorInfo(reason="A_REASON", domain="iotflow")
    info.metadata["retryable"] = "true" if retryable else "false"
    status = status_pb2.Status(code=code.value[0])
    for detail in (info, *details):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort(code, "a sentence", (("grpc-status-details-bin", status.SerializeToString()),))


async def never(_batch: TelemetryBatch, _context: Context) -> None:
    """Neither acknowledge nor reject a batch."""
