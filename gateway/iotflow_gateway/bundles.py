"""Rows of many devices as one batch of the stream."""

from collections.abc import Iterator

from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow_gateway.columns import Cells, wire_columns
from iotflow_gateway.message import Message
from iotflow_gateway.readings import MOST_MEASUREMENTS
from iotflow_gateway.rows import ENOUGH_BYTES, ENOUGH_ROWS, Rows

# Devices that have little in common send each other's columns empty: of so many cells, at least one in eight has a value.
FEW_CELLS, CELLS_A_VALUE = 4_000, 8


class Bundle:
    """Rows of some devices, one device after the other."""

    def __init__(self, first: Rows) -> None:
        self._parts = [first]
        self._kinds = {name: kind for name, (kind, _, _) in first.columns.items()}
        self._size, self._values, self._bytes = len(first), first.values, first.bytes

    def __len__(self) -> int:
        return self._size

    def take(self, rows: Rows) -> bool:
        """Take another device's rows, if they go together with these. Nothing may join them any more."""
        if not self._takes(rows):
            return False
        self._parts.append(rows)
        self._kinds.update((name, kind) for name, (kind, _, _) in rows.columns.items())
        self._size += len(rows)
        self._values += rows.values
        self._bytes += rows.bytes
        return True

    def _takes(self, rows: Rows) -> bool:
        size, kinds = self._size + len(rows), self._kinds
        if (
            rows.timeless is not self._parts[0].timeless
            or size > ENOUGH_ROWS
            or self._bytes + rows.bytes > ENOUGH_BYTES
        ):
            return False
        if any(kinds.get(name, kind) is not kind for name, (kind, _, _) in rows.columns.items()):
            return False
        wide = len(kinds) + sum(name not in kinds for name in rows.columns)
        cells = CELLS_A_VALUE * (self._values + rows.values)
        return wide <= MOST_MEASUREMENTS and wide * size <= max(FEW_CELLS, cells)

    def messages(self) -> Iterator[Message]:
        """Those whose readings these are."""
        return (message for part in self._parts for message in part.messages())

    def batch(self) -> TelemetryBatch:
        """As it travels."""
        first, *others = self._parts
        if not others:
            return first.batch()
        batch, columns = TelemetryBatch(timeless=first.timeless), dict[str, Cells]()
        for part in self._parts:
            _append(part, len(batch.timestamps), columns)
            batch.device_ids.extend([part.device_id] * len(part))
            batch.timestamps.extend(part.times)
        batch.columns.extend(wire_columns(columns, self._size))
        return batch

    def concerned(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        """The messages that a rejection concerns, each with the index of the first reading concerned in it."""
        first = 0
        for part in self._parts:
            begin, end = max(rejection.index, first), min(rejection.index + rejection.count, first + len(part))
            if begin < end:
                yield from part.concerned(begin - first, end - first, rejection.measurement)
            first += len(part)


def _append(part: Rows, first: int, columns: dict[str, Cells]) -> None:
    """Add a device's rows, which become those from `first` on."""
    for name, (kind, rows, values) in part.columns.items():
        cells = columns.get(name)
        if cells is None:
            cells = columns[name] = (kind, [], [])
        cells[1].extend([first + row for row in rows])
        cells[2].extend(values)
