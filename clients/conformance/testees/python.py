"""The testee of the Python client."""

import asyncio
from typing import Any

import grpc
import numpy as np
from grpc import StatusCode

from clients.conformance.testees.loop import Json, report, serve
from clients.conformance.vectors.json_form import batch_of, json_of
from iotflow.batches import encode_batch
from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.writer import TelemetryWriter

_MISSING = "the Python client does not have it yet"
_SKIPS = (
    "rows",
    "queue.disk",
    "policies",
    "poison",
    "credentials",
    "tls",
    "reading",
    "subscribe",
    "register",
    "heartbeat",
    "config",
    "commands",
    "rotate",
    "devices",
    "clock",
)
_ROWS = 1_000


class Testee:
    """One connection and one writer at a time."""

    def __init__(self) -> None:
        self._target = ""
        self._api_key = ""
        self._token = ""
        self._rows = _ROWS
        self._writer: TelemetryWriter | None = None
        self._added = self._acknowledged = self._rejected = self._interruptions = 0

    @property
    def writer(self) -> TelemetryWriter:
        """The open writer."""
        if self._writer is None:
            raise ServerError(StatusCode.FAILED_PRECONDITION, "No writer is open.")
        return self._writer

    async def hello(self, _: Json) -> Json:
        """The client's name, and what it lacks."""
        return {"language": "python", "version": grpc.__version__, "skips": dict.fromkeys(_SKIPS, _MISSING)}

    async def connect(self, request: Json) -> Json:
        """Note where the next writer connects."""
        self._target, self._api_key, self._token = request["target"], request["api_key"], request["token"]
        return {}

    async def open_writer(self, request: Json) -> Json:
        """Open a writer with a queue in memory."""
        self._rows = request.get("rows") or _ROWS
        self._writer = TelemetryWriter(
            self._target,
            api_key=self._api_key,
            token=self._token,
            window=request.get("window") or 64,
            on_acknowledged=self._note_acknowledged,
            on_rejected=self._note_rejected,
            on_interrupted=self._note_interrupted,
        )
        await self._writer.__aenter__()
        return {}

    async def add(self, request: Json) -> Json:
        """Add rows of doubles by their formula."""
        done, count = 0, request["count"]
        while done < count:
            index = np.arange(done, min(done + self._rows, count))
            times = request["start"] + request["step"] * index
            columns = dict.fromkeys(request["measurements"], request["first"] + index.astype(np.float64))
            await self._send(encode_batch(times, columns, device_id=request.get("device_id") or 0))
            done += len(index)
        return {"added": count}

    async def add_columns(self, request: Json) -> Json:
        """Add columns of any types."""
        columns = [{"measurement": name, **column} for name, column in request["columns"].items()]
        await self._send(batch_of({"device_id": request.get("device_id") or 0, **request, "columns": columns}))
        return {"added": len(request["timestamps"])}

    async def flush(self, request: Json) -> Json:
        """Wait for the acknowledgement of everything."""
        await _within(request, self.writer.flush())
        return {}

    async def close(self, request: Json) -> Json:
        """Close the writer."""
        await _within(request, self.writer.close())
        self._writer = None
        return {}

    async def status(self, _: Json) -> Json:
        """The writer's numbers."""
        return {
            "queued_rows": self._added - self._acknowledged,
            "queued_bytes": 0,
            "acknowledged_rows": self._acknowledged,
            "rejected": self._rejected,
            "dropped_rows": 0,
            "interruptions": self._interruptions,
        }

    async def encode(self, request: Json) -> Json:
        """The bytes of a batch."""
        return {"hex": batch_of(request["batch"]).SerializeToString().hex()}

    async def decode(self, request: Json) -> Json:
        """The batch of bytes."""
        return {"batch": json_of(TelemetryBatch.FromString(bytes.fromhex(request["hex"])))}

    async def _send(self, batch: TelemetryBatch) -> None:
        await self.writer.send(batch)
        self._added += len(batch.timestamps)

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

    def _note_interrupted(self, error: ServerError, delay: float) -> None:
        self._interruptions += 1
        report("interrupted", code=error.code.name, reason=error.reason, delay_ms=round(delay * 1000))


async def _within(request: Json, act: Any) -> None:
    try:
        async with asyncio.timeout(request["deadline_ms"] / 1000):
            await act
    except TimeoutError:
        raise ServerError(StatusCode.DEADLINE_EXCEEDED, "The deadline passed.", retryable=True) from None


def main() -> None:
    """Answer until the end of the input."""
    testee = Testee()
    asyncio.run(
        serve(
            {
                "hello": testee.hello,
                "connect": testee.connect,
                "writer.open": testee.open_writer,
                "writer.add": testee.add,
                "writer.add_columns": testee.add_columns,
                "writer.flush": testee.flush,
                "writer.close": testee.close,
                "writer.status": testee.status,
                "encode": testee.encode,
                "decode": testee.decode,
            }
        )
    )


if __name__ == "__main__":
    main()
