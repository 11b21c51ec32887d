"""Readings of one device, joined into columns."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from iotflow.readings import MOST_MEASUREMENTS, Reading
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.pipeline.columns import Cells, wire_columns
from iotflow_gateway.pipeline.message import Message

# A batch goes out when it has so much, whatever else there is: well below what the server takes, unless set otherwise, and encoded
# within ten milliseconds.
ENOUGH_ROWS, ENOUGH_VALUES, ENOUGH_BYTES = 1_000, 50_000, 2**20


class DeviceRows:
    """Readings of one device in the order in which they came. timeless: the server is to give the times."""

    def __init__(self, device_id: int, *, timeless: bool) -> None:
        self.device_id = device_id
        self.timeless = timeless
        self.times: list[int] = []
        self.columns: dict[str, Cells] = {}
        # How many there are, and the bytes of the messages whose they are.
        self.values, self.bytes = 0, 0
        # Whose they are: each message, where its rows begin, and which of its readings each row is.
        self._owners: list[Message] = []
        self._begins: list[int] = []
        self._indices: list[int] = []

    def __len__(self) -> int:
        return len(self.times)

    def take(self, message: Message, readings: Sequence[Reading], start: int) -> int:
        """Take the message's readings from `start` on, as many as can be; how far that was."""
        first = len(self.times)
        index = start
        while index < len(readings) and self._takes(readings[index]):
            self._add(readings[index])
            index += 1
        if index > start:
            self._owners.append(message)
            self._begins.append(first)
            self.bytes += len(message.payload)
            message.waiting += 1
        return index

    def _takes(self, reading: Reading) -> bool:
        columns, rows = self.columns, len(self.times)
        if not rows:
            return True
        if (reading.time is None) is not self.timeless or rows >= ENOUGH_ROWS or self.bytes >= ENOUGH_BYTES:
            return False
        new = 0
        for name, value in reading.values.items():
            column = columns.get(name)
            if column is None:
                new += 1
            elif column[0] is not type(value):
                return False
        wide = len(columns) + new
        return wide <= MOST_MEASUREMENTS and wide * rows < ENOUGH_VALUES

    def _add(self, reading: Reading) -> None:
        row, columns = len(self.times), self.columns
        self.times.append(reading.time or 0)
        self._indices.append(reading.index)
        self.values += len(reading.values)
        for name, value in reading.values.items():
            column = columns.get(name)
            if column is None:
                columns[name] = (type(value), [row], [value])
            else:
                column[1].append(row)
                column[2].append(value)

    def messages(self) -> Iterator[Message]:
        """Those whose readings these are."""
        return iter(self._owners)

    def batch(self) -> TelemetryBatch:
        """As it travels."""
        batch = TelemetryBatch(device_id=self.device_id, timestamps=self.times, timeless=self.timeless)
        batch.columns.extend(wire_columns(self.columns, len(self)))
        return batch

    def by_message(self) -> "list[DeviceRows]":
        """Each message's rows by themselves."""
        ends = [*self._begins[1:], len(self)]
        return [self._part(*one) for one in zip(self._owners, self._begins, ends, strict=True)]

    def _part(self, owner: Message, first: int, end: int) -> "DeviceRows":
        part = DeviceRows(self.device_id, timeless=self.timeless)
        part.times, part._indices = self.times[first:end], self._indices[first:end]
        part._owners, part._begins, part.bytes = [owner], [0], len(owner.payload)
        for name, (kind, rows, values) in self.columns.items():
            begin, stop = bisect_left(rows, first), bisect_left(rows, end)
            if begin < stop:
                part.columns[name] = (kind, [row - first for row in rows[begin:stop]], values[begin:stop])
                part.values += stop - begin
        return part

    def concerned(self, first: int, end: int, measurement: str) -> Iterator[tuple[Message, int]]:
        """The messages that a refusal of rows first .. end-1 of a measurement (empty: of the whole rows) concerns, each with the
        index of the first reading concerned in it."""
        rows: Sequence[int] = range(len(self))
        if measurement:
            # A measurement that is refused as such is refused in rows, too, that do not have it.
            rows = self.columns[measurement][1] if measurement in self.columns else ()
        place = bisect_left(rows, first)
        while place < len(rows) and rows[place] < end:
            owner = bisect_right(self._begins, rows[place])
            yield self._owners[owner - 1], self._indices[rows[place]]
            place = bisect_left(rows, self._begins[owner], place) if owner < len(self._begins) else len(rows)
