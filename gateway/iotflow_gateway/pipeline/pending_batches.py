"""Batches of the telemetry stream that the server has not acknowledged."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Protocol

from iotflow.readings import MOST_MEASUREMENTS
from iotflow.v1.telemetry_pb2 import Column, Rejection, TelemetryBatch
from iotflow_gateway.pipeline.device_rows import (
    ENOUGH_BYTES,
    ENOUGH_ROWS,
    ENOUGH_VALUES,
    AffectedMessage,
    DeviceRows,
)
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.shapes import Shape, union
from iotflow_gateway.pipeline.wire_columns import Row, add_columns

# Devices with few measurements in common fill the batch with empty cells. Above FEW_CELLS cells, at least one in CELLS_A_VALUE must
# have a value.
FEW_CELLS, CELLS_A_VALUE = 4_000, 8


class PendingBatch(Protocol):
    """A batch and its messages; the length is the number of rows."""

    def __len__(self) -> int: ...

    def batch(self) -> TelemetryBatch:
        """The batch in its wire form."""
        ...

    def messages(self) -> Iterator[Message]:
        """The messages whose readings the batch holds."""
        ...

    def affected_by(self, rejection: Rejection) -> Iterator[AffectedMessage]:
        """The messages that a rejection affects."""
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
        message.stored_values = self._values(0, len(self), "")

    def __len__(self) -> int:
        return len(self._batch.timestamps)

    def batch(self) -> TelemetryBatch:
        return self._batch

    def messages(self) -> Iterator[Message]:
        yield self._message

    def affected_by(self, rejection: Rejection) -> Iterator[AffectedMessage]:
        values = self._values(rejection.index, rejection.index + rejection.count, rejection.measurement)
        yield self._message, rejection.index, values

    def split(self) -> list[PendingBatch]:
        return []

    def _values(self, first: int, end: int, measurement: str) -> int:
        """The number of values in rows first .. end-1 of a measurement; empty: of all."""
        columns = self._batch.columns
        return sum(
            _valid(column, first, end) for column in columns if not measurement or column.measurement == measurement
        )


class MultiDeviceBatch:
    """Rows of one or more devices, in one run for each device."""

    def __init__(self, first: DeviceRows) -> None:
        self._parts = [first]
        # The first row of each part.
        self._firsts = [0]
        self._measurements = first.measurements
        self._size, self._values, self._bytes = len(first), first.values, first.bytes

    def __len__(self) -> int:
        return self._size

    @property
    def parts(self) -> Sequence[DeviceRows]:
        """The rows of each device."""
        return self._parts

    @property
    def is_full(self) -> bool:
        """Whether no further rows fit."""
        return self._size >= ENOUGH_ROWS or self._bytes >= ENOUGH_BYTES

    def append(self, rows: DeviceRows) -> bool:
        """Append the rows of another device; False: they do not fit. The appended rows must be complete."""
        measurements = self._joined(rows)
        if measurements is None:
            return False
        self._measurements = measurements
        self._parts.append(rows)
        self._firsts.append(self._size)
        self._size += len(rows)
        self._values += rows.values
        self._bytes += rows.bytes
        return True

    def _joined(self, rows: DeviceRows) -> Shape | None:
        """The measurements with those of further rows; None: the rows do not fit."""
        size = self._size + len(rows)
        if rows.server_times is not self._parts[0].server_times:
            return None
        if size > ENOUGH_ROWS or self._bytes + rows.bytes > ENOUGH_BYTES:
            return None
        joined = union(self._measurements, rows.measurements)
        if joined is None or len(joined) > MOST_MEASUREMENTS:
            return None
        cells = min(ENOUGH_VALUES, CELLS_A_VALUE * (self._values + rows.values))
        return joined if len(joined) * size <= max(FEW_CELLS, cells) else None

    def messages(self) -> Iterator[Message]:
        """The messages whose readings the batch holds."""
        return (message for part in self._parts for message in part.messages())

    def batch(self) -> TelemetryBatch:
        """The batch in its wire form."""
        first, *others = self._parts
        if not others:
            return first.batch()
        batch, rows, shapes = TelemetryBatch(server_times=first.server_times), list[Row](), list[Shape]()
        for part in self._parts:
            batch.device_ids.extend([part.device_id] * len(part))
            batch.timestamps.extend(part.times)
            rows += part.rows
            shapes += part.shapes
        add_columns(batch, rows, shapes)
        return batch

    def split(self) -> list[PendingBatch]:
        """A batch for each device or, of one device, for each message; empty if the batch holds a single message."""
        parts = self._parts if len(self._parts) > 1 else self._parts[0].by_message()
        return [MultiDeviceBatch(part) for part in parts] if len(parts) > 1 else []

    def is_rejected_whole(self, rejection: Rejection) -> bool:
        """Whether the server rejects the batch itself, with no device at fault: an older server knows no batches of many devices,
        and a server may have smaller limits."""
        return (
            len(self._parts) > 1
            and rejection.reason == "INVALID_ARGUMENT"
            and not rejection.measurement
            and rejection.count == self._size
        )

    def affected_by(self, rejection: Rejection) -> Iterator[AffectedMessage]:
        """The messages that a rejection affects."""
        end = rejection.index + rejection.count
        for place in range(bisect_right(self._firsts, rejection.index) - 1, len(self._parts)):
            part, first = self._parts[place], self._firsts[place]
            if first >= end:
                break
            yield from part.affected_by(max(rejection.index - first, 0), end - first, rejection.measurement)


def _valid(column: Column, first: int, end: int) -> int:
    """The number of rows from `first` to before `end` in which a column has a value."""
    if not column.validity:
        return end - first
    bits = int.from_bytes(column.validity, "little") >> first
    return (bits & (1 << end - first) - 1).bit_count()
