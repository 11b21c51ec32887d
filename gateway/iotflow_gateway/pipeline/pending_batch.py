"""What goes to the server as one batch of the stream."""

from collections.abc import Iterator
from typing import Protocol

from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow_gateway.pipeline.message import Message


class PendingBatch(Protocol):
    """A batch and whose it is; its length is its number of rows."""

    def __len__(self) -> int: ...

    def batch(self) -> TelemetryBatch:
        """As it travels."""
        ...

    def messages(self) -> Iterator[Message]:
        """Those that are done when it is acknowledged."""
        ...

    def concerned(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        """The messages that a rejection concerns, each with the index of the first reading concerned in it."""
        ...

    def divided(self) -> "list[PendingBatch]":
        """The same in smaller batches, in order; empty: it is of one message."""
        ...


class PassthroughBatch:
    """A batch that a device made itself."""

    def __init__(self, message: Message, batch: TelemetryBatch) -> None:
        self.device_id = batch.device_id
        self._message = message
        self._batch = batch
        message.waiting += 1

    def __len__(self) -> int:
        return len(self._batch.timestamps)

    def batch(self) -> TelemetryBatch:
        return self._batch

    def messages(self) -> Iterator[Message]:
        yield self._message

    def concerned(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        yield self._message, rejection.index

    def divided(self) -> list[PendingBatch]:
        return []
