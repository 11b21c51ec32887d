"""A batch of the telemetry stream that the server has not acknowledged."""

from collections.abc import Iterator
from typing import Protocol

from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow_gateway.pipeline.message import Message


class PendingBatch(Protocol):
    """A batch and its messages; the length is the number of rows."""

    def __len__(self) -> int: ...

    def batch(self) -> TelemetryBatch:
        """The batch in its wire form."""
        ...

    def messages(self) -> Iterator[Message]:
        """The messages whose readings the batch holds."""
        ...

    def affected_by(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        """The messages that a rejection affects, each with the index of its first reading affected."""
        ...

    def split(self) -> "list[PendingBatch]":
        """The same rows as smaller batches, in order; empty if the batch holds a single message."""
        ...


class PassthroughBatch:
    """A protobuf batch made by a device, sent unchanged."""

    def __init__(self, message: Message, batch: TelemetryBatch) -> None:
        self.device_id = batch.device_id
        self._message = message
        self._batch = batch
        message.pending_parts += 1

    def __len__(self) -> int:
        return len(self._batch.timestamps)

    def batch(self) -> TelemetryBatch:
        return self._batch

    def messages(self) -> Iterator[Message]:
        yield self._message

    def affected_by(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        yield self._message, rejection.index

    def split(self) -> list[PendingBatch]:
        return []
