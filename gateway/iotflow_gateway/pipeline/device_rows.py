"""Readings of one device that leave in one batch."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Self

from iotflow.readings import MOST_MEASUREMENTS, Reading
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.shapes import Shape, shape_of, union
from iotflow_gateway.pipeline.wire_columns import Row, add_columns

# Size at which a batch is full: well below the server's default limits, and encoded within ten milliseconds.
ENOUGH_ROWS, ENOUGH_VALUES, ENOUGH_BYTES = 1_000, 50_000, 2**20

# A message that a rejection affects, the index of its first reading affected, and the number of its values affected.
AffectedMessage = tuple[Message, int, int]

_NONE: Shape = {}


class DeviceRows:
    """Readings of one device in the order of arrival. server_times: the server assigns the times.

    times, rows, shapes: of each reading. measurements: of all of them. values, bytes: number of values, and total size of the
    messages that hold them.
    """

    __slots__ = (
        "_begins",
        "_indices",
        "_owners",
        "bytes",
        "device_id",
        "measurements",
        "rows",
        "server_times",
        "shapes",
        "times",
        "values",
    )

    def __init__(self, device_id: int, *, server_times: bool) -> None:
        self.device_id = device_id
        self.server_times = server_times
        self.times: list[int] = []
        self.rows: list[Row] = []
        self.shapes: list[Shape] = []
        self.measurements = _NONE
        self.values = self.bytes = 0
        # Each message, its first row, and for each row the index of the reading in its message.
        self._owners: list[Message] = []
        self._begins: list[int] = []
        self._indices: list[int] = []

    def __len__(self) -> int:
        return len(self.rows)

    def append(self, message: Message, readings: Sequence[Reading], start: int) -> int:
        """Append the message's readings from `start` on, up to the first that does not fit; the index of that one."""
        first, values = len(self.rows), self.values
        index = start
        while index < len(readings) and self._append(readings[index]):
            index += 1
        if index > start:
            self._owners.append(message)
            self._begins.append(first)
            self.bytes += len(message.payload)
            message.pending_parts += 1
            message.stored_values += self.values - values
        return index

    def _append(self, reading: Reading) -> bool:
        """Append a reading; False: it does not fit."""
        shape = shape_of(reading.values)
        measurements = self._joined(reading, shape) if self.rows else shape
        if measurements is None:
            return False
        self.measurements = measurements
        self.times.append(reading.time or 0)
        self.rows.append(tuple(reading.values.values()))
        self.shapes.append(shape)
        self._indices.append(reading.index)
        self.values += len(shape)
        return True

    def _joined(self, reading: Reading, shape: Shape) -> Shape | None:
        """The measurements with those of a further reading; None: it does not fit."""
        size = len(self.rows)
        if (reading.time is None) is not self.server_times or size >= ENOUGH_ROWS or self.bytes >= ENOUGH_BYTES:
            return None
        joined = union(self.measurements, shape)
        if joined is None or len(joined) > MOST_MEASUREMENTS or len(joined) * size >= ENOUGH_VALUES:
            return None
        return joined

    def messages(self) -> Sequence[Message]:
        """The messages whose readings these are."""
        return self._owners

    def batch(self) -> TelemetryBatch:
        """The rows in their wire form."""
        batch = TelemetryBatch(device_id=self.device_id, timestamps=self.times, server_times=self.server_times)
        add_columns(batch, self.rows, self.shapes)
        return batch

    def by_message(self) -> list[Self]:
        """The rows of each message."""
        ends = [*self._begins[1:], len(self)]
        return [self._part(*one) for one in zip(self._owners, self._begins, ends, strict=True)]

    def _part(self, owner: Message, first: int, end: int) -> Self:
        part = type(self)(self.device_id, server_times=self.server_times)
        part.times, part._indices = self.times[first:end], self._indices[first:end]
        part.rows, part.shapes = self.rows[first:end], self.shapes[first:end]
        part._owners, part._begins, part.bytes = [owner], [0], len(owner.payload)
        for shape in part.shapes:
            part.measurements = union(part.measurements, shape) or part.measurements
        part.values = sum(map(len, part.rows))
        return part

    def affected_by(self, first: int, end: int, measurement: str) -> Iterator[AffectedMessage]:
        """The messages that a rejection of rows first .. end-1 of a measurement affects. measurement: empty if the rejection is of
        whole rows."""
        end = min(end, len(self))
        # A rejection of the measurement itself covers rows without a value of it.
        rows = [row for row in range(first, end) if not measurement or measurement in self.shapes[row]]
        place = 0
        while place < len(rows):
            owner = bisect_right(self._begins, rows[place])
            own_end = self._begins[owner] if owner < len(self._begins) else end
            following = bisect_left(rows, own_end, place)
            values = following - place if measurement else sum(len(self.rows[row]) for row in rows[place:following])
            yield self._owners[owner - 1], self._indices[rows[place]], values
            place = following
