"""Readings of one device, joined into columns."""

from collections.abc import Iterator, Sequence

from iotflow.v1.telemetry_pb2 import Column, Rejection, TelemetryBatch
from iotflow_gateway.message import Message
from iotflow_gateway.readings import MOST_MEASUREMENTS, Reading

FIELDS = {float: "doubles", bool: "bools", str: "strings"}
PLACEHOLDERS: dict[type, float | bool | str] = {float: 0.0, bool: False, str: ""}
# A batch goes out when it has so much, whatever else there is: well below what the server takes, unless set otherwise.
ENOUGH_ROWS, ENOUGH_VALUES, ENOUGH_BYTES = 1_000, 200_000, 2**20


class Rows:
    """Readings of one device in the order in which they came. timeless: the server is to give the times."""

    def __init__(self, device_id: int, *, timeless: bool) -> None:
        self.device_id = device_id
        self._timeless = timeless
        self._times: list[int] = []
        # Of each measurement the one type that all its values have, their rows, and them.
        self._columns: dict[str, tuple[type, list[int], list[float | bool | str]]] = {}
        # Where the rows of each message begin, and with which of its readings.
        self._owners: list[tuple[int, Message, int]] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._times)

    def take(self, message: Message, readings: Sequence[Reading], start: int) -> int:
        """Take the message's readings from `start` on, as many as can be; how far that was."""
        first = len(self._times)
        index = start
        while index < len(readings) and self._takes(readings[index]):
            self._add(readings[index])
            index += 1
        if index > start:
            self._owners.append((first, message, start))
            self._bytes += len(message.payload)
            message.waiting += 1
        return index

    def _takes(self, reading: Reading) -> bool:
        columns, rows = self._columns, len(self._times)
        if not rows:
            return True
        if (reading.time is None) is not self._timeless or rows >= ENOUGH_ROWS or self._bytes >= ENOUGH_BYTES:
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
        row, columns = len(self._times), self._columns
        self._times.append(reading.time or 0)
        for name, value in reading.values.items():
            column = columns.get(name)
            if column is None:
                columns[name] = (type(value), [row], [value])
            else:
                column[1].append(row)
                column[2].append(value)

    def messages(self) -> Iterator[Message]:
        """Those whose readings these are."""
        return (message for _, message, _ in self._owners)

    def batch(self) -> TelemetryBatch:
        """As it travels."""
        batch = TelemetryBatch(device_id=self.device_id, timestamps=self._times, timeless=self._timeless)
        for name, (kind, rows, values) in self._columns.items():
            batch.columns.append(_column(name, kind, rows, values, len(self._times)))
        return batch

    def concerned(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        """The messages that a rejection concerns, each with the index of the first reading concerned in it."""
        rows: Sequence[int] = range(rejection.index, rejection.index + rejection.count)
        if rejection.measurement in self._columns:
            # A measurement that is refused as such is refused in rows, too, that do not have it.
            own = set(self._columns[rejection.measurement][1])
            rows = [row for row in rows if row in own]
        ends = [first for first, _, _ in self._owners[1:]] + [len(self._times)]
        for (first, message, start), end in zip(self._owners, ends, strict=True):
            row = next((row for row in rows if first <= row < end), None)
            if row is not None:
                yield message, start + row - first


def _column(name: str, kind: type, rows: list[int], values: list[float | bool | str], size: int) -> Column:
    column = Column(measurement=name)
    if len(rows) < size:
        dense = [PLACEHOLDERS[kind]] * size
        validity = bytearray((size + 7) // 8)
        for row, value in zip(rows, values, strict=True):
            dense[row] = value
            validity[row >> 3] |= 1 << (row & 7)
        column.validity, values = bytes(validity), dense
    getattr(column, FIELDS[kind]).extend(values)
    return column
