"""Readings of one device, joined into columns."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from iotflow.readings import MOST_MEASUREMENTS, Reading
from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch
from iotflow_gateway.pipeline.message import Message

# Size at which a batch is full: well below the server's default limits, and encoded within ten milliseconds.
ENOUGH_ROWS, ENOUGH_VALUES, ENOUGH_BYTES = 1_000, 50_000, 2**20

Value = float | int | bool | str
# Of one measurement: the type of all its values, the rows that have a value, and the values.
Cells = tuple[type, list[int], list[Value]]

# A message that a rejection affects, the index of its first reading affected, and the number of its values affected.
AffectedMessage = tuple[Message, int, int]

_FIELDS = {float: "doubles", int: "int64s", bool: "bools", str: "strings"}
_PLACEHOLDERS: dict[type, Value] = {float: 0.0, int: 0, bool: False, str: ""}


class DeviceRows:
    """Readings of one device in the order of arrival. server_times: the server assigns the times."""

    def __init__(self, device_id: int, *, server_times: bool) -> None:
        self.device_id = device_id
        self.server_times = server_times
        self.times: list[int] = []
        self.columns: dict[str, Cells] = {}
        # Number of values, and total size in bytes of the messages that hold them.
        self.values, self.bytes = 0, 0
        # Each message, its first row, and for each row the index of the reading in its message.
        self._owners: list[Message] = []
        self._begins: list[int] = []
        self._indices: list[int] = []
        # The number of values in each row.
        self._counts: list[int] = []

    def __len__(self) -> int:
        return len(self.times)

    def append(self, message: Message, readings: Sequence[Reading], start: int) -> int:
        """Append the message's readings from `start` on, up to the first that does not fit; the index of that one."""
        first, values = len(self.times), self.values
        index = start
        while index < len(readings) and self._fits(readings[index]):
            self._append(readings[index])
            index += 1
        if index > start:
            self._owners.append(message)
            self._begins.append(first)
            self.bytes += len(message.payload)
            message.pending_parts += 1
            message.stored_values += self.values - values
        return index

    def _fits(self, reading: Reading) -> bool:
        columns, rows = self.columns, len(self.times)
        if not rows:
            return True
        if (reading.time is None) is not self.server_times or rows >= ENOUGH_ROWS or self.bytes >= ENOUGH_BYTES:
            return False
        new = 0
        for name, value in reading.values.items():
            column = columns.get(name)
            if column is None:
                new += 1
            elif column[0] is not type(value):
                return False
        width = len(columns) + new
        return width <= MOST_MEASUREMENTS and width * rows < ENOUGH_VALUES

    def _append(self, reading: Reading) -> None:
        row, columns = len(self.times), self.columns
        self.times.append(reading.time or 0)
        self._indices.append(reading.index)
        self._counts.append(len(reading.values))
        self.values += len(reading.values)
        for name, value in reading.values.items():
            column = columns.get(name)
            if column is None:
                columns[name] = (type(value), [row], [value])
            else:
                column[1].append(row)
                column[2].append(value)

    def messages(self) -> Iterator[Message]:
        """The messages whose readings these are."""
        return iter(self._owners)

    def batch(self) -> TelemetryBatch:
        """The rows in their wire form."""
        batch = TelemetryBatch(device_id=self.device_id, timestamps=self.times, server_times=self.server_times)
        batch.columns.extend(wire_columns(self.columns, len(self)))
        return batch

    def by_message(self) -> "list[DeviceRows]":
        """The rows of each message."""
        ends = [*self._begins[1:], len(self)]
        return [self._part(*one) for one in zip(self._owners, self._begins, ends, strict=True)]

    def _part(self, owner: Message, first: int, end: int) -> "DeviceRows":
        part = DeviceRows(self.device_id, server_times=self.server_times)
        part.times, part._indices = self.times[first:end], self._indices[first:end]
        part._counts = self._counts[first:end]
        part._owners, part._begins, part.bytes = [owner], [0], len(owner.payload)
        for name, (kind, rows, values) in self.columns.items():
            begin, stop = bisect_left(rows, first), bisect_left(rows, end)
            if begin < stop:
                part.columns[name] = (kind, [row - first for row in rows[begin:stop]], values[begin:stop])
                part.values += stop - begin
        return part

    def affected_by(self, first: int, end: int, measurement: str) -> Iterator[AffectedMessage]:
        """The messages that a rejection of rows first .. end-1 of a measurement affects. measurement: empty if the rejection is of
        whole rows."""
        rows: Sequence[int] = range(len(self))
        if measurement:
            # A rejection of the measurement itself covers rows without a value of it.
            rows = self.columns[measurement][1] if measurement in self.columns else ()
        place = bisect_left(rows, first)
        while place < len(rows) and rows[place] < end:
            owner = bisect_right(self._begins, rows[place])
            own_end = self._begins[owner] if owner < len(self._begins) else len(self)
            following = bisect_left(rows, min(end, own_end), place)
            values = following - place if measurement else sum(self._counts[place:following])
            yield self._owners[owner - 1], self._indices[rows[place]], values
            place = following


def wire_columns(columns: Mapping[str, Cells], size: int) -> Iterator[Column]:
    """The columns in their wire form. size: number of rows of the batch."""
    return (_column(name, *cells, size) for name, cells in columns.items())


def _column(name: str, kind: type, rows: list[int], values: list[Value], size: int) -> Column:
    column = Column(measurement=name)
    if len(rows) < size:
        dense = [_PLACEHOLDERS[kind]] * size
        validity = bytearray((size + 7) // 8)
        for row, value in zip(rows, values, strict=True):
            dense[row] = value
            validity[row >> 3] |= 1 << (row & 7)
        column.validity, values = bytes(validity), dense
    getattr(column, _FIELDS[kind]).extend(values)
    return column
