"""The writer of the Python client under test."""

import time
from collections.abc import Callable
from typing import Any, ParamSpec

import numpy as np
from grpc import StatusCode
from numpy.typing import NDArray

from clients.conformance.testees.loop import Json, report
from clients.conformance.testees.python_device import report_interrupted
from iotflow.batcher import BatchLimits
from iotflow.clock import ServerClock
from iotflow.connection import Connection
from iotflow.errors import ServerError
from iotflow.policy import DropReason, Policy
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow.writer import DEFAULT_BATCH, DEFAULT_LIMIT, TelemetryWriter

Arguments = ParamSpec("Arguments")
_DTYPES: dict[str, Any] = {
    "doubles": np.float64,
    "floats": np.float32,
    "int64s": np.int64,
    "int32s": np.int32,
    "bools": np.bool_,
    "strings": object,
}


class WriterUnderTest:
    """One writer at a time, and its numbers."""

    def __init__(self) -> None:
        self._writer: TelemetryWriter | None = None
        self._acknowledged = self._rejected = self._dropped = self._interruptions = 0

    @property
    def writer(self) -> TelemetryWriter:
        """The open writer."""
        if self._writer is None:
            raise ServerError(StatusCode.FAILED_PRECONDITION, "No writer is open.")
        return self._writer

    async def open(self, request: Json, connection: Connection) -> Json:
        """Open a writer in place of one that was closed."""
        then = _throwing if request.get("throwing") else _unchanged
        writer = TelemetryWriter(
            connection,
            folder=request.get("folder"),
            limit=request.get("limit") or DEFAULT_LIMIT,
            policy=Policy(request.get("policy") or "wait"),
            batch=BatchLimits(
                request.get("rows") or DEFAULT_BATCH.rows,
                request.get("bytes") or DEFAULT_BATCH.bytes,
                (request.get("age_ms") or DEFAULT_BATCH.age * 1_000) / 1_000,
            ),
            window=request.get("window") or 64,
            clock=ServerClock() if request.get("clock") == "server" else None,
            on_acknowledged=then(self._note_acknowledged),
            on_rejected=then(self._note_rejected),
            on_dropped=then(self._note_dropped),
            on_interrupted=then(self._note_interrupted),
        )
        self._acknowledged = self._rejected = self._dropped = self._interruptions = 0
        self._writer = await writer.open()
        return {}

    async def add(self, request: Json) -> Json:
        """Add rows of doubles by their formula, one after the other."""
        writer, measurements, device_id = self.writer, request["measurements"], request.get("device_id") or 0
        start, step, first = request.get("start"), request.get("step") or 0, float(request["first"])
        for row in range(request["count"]):
            time = None if start is None else start + row * step
            await writer.add(dict.fromkeys(measurements, first + row), time, device_id=device_id)
        return {"added": request["count"]}

    async def add_columns(self, request: Json) -> Json:
        """Add columns of any types."""
        times = np.array([int(time) for time in request["timestamps"]], np.int64)
        columns = {name: _array(column["type"], column["values"]) for name, column in request["columns"].items()}
        await self.writer.add_columns(times, columns, device_id=request.get("device_id") or 0)
        return {"added": len(times)}

    async def flush(self, request: Json) -> Json:
        """Wait for the acknowledgement of everything."""
        await self.writer.flush(request["deadline_ms"] / 1_000)
        return {}

    async def close(self, request: Json) -> Json:
        """Close the writer."""
        writer, self._writer = self.writer, None
        await writer.close(request["deadline_ms"] / 1_000)
        return {}

    async def status(self, _: Json) -> Json:
        """The writer's numbers."""
        return {
            "queued_rows": self.writer.queued_rows,
            "queued_bytes": self.writer.queued_bytes,
            "acknowledged_rows": self._acknowledged,
            "rejected": self._rejected,
            "dropped_rows": self._dropped,
            "interruptions": self._interruptions,
        }

    async def now(self, _: Json) -> Json:
        """The time of this machine."""
        return {"milliseconds": time.time_ns() // 1_000_000}

    def _note_acknowledged(self, rows: int) -> None:
        self._acknowledged += rows

    def _note_rejected(self, rejection: Rejection) -> None:
        self._rejected += rejection.count
        report(
            "rejected",
            sequence=rejection.sequence,
            index=rejection.index,
            count=rejection.count,
            measurement=rejection.measurement,
            reason=rejection.reason,
            retryable=rejection.retryable,
        )

    def _note_dropped(self, rows: int, reason: DropReason) -> None:
        self._dropped += rows
        report("dropped", rows=rows, reason=reason)

    def _note_interrupted(self, error: ServerError, delay: float) -> None:
        self._interruptions += 1
        report_interrupted(error, delay)


def _unchanged(handler: Callable[Arguments, None]) -> Callable[Arguments, None]:
    return handler


def _throwing(handler: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The handler, which throws in the end."""

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        handler(*args, **kwargs)
        raise RuntimeError("The handler throws.")

    return call


def _array(kind: str, values: list[Any]) -> "NDArray[Any]":
    if kind == "strings":
        return np.array(values, object)
    given = [0 if value is None else int(value) if kind == "int64s" else value for value in values]
    missing = [value is None for value in values]
    return np.ma.masked_array(np.array(given, _DTYPES[kind]), missing)
