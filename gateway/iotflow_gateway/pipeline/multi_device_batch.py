"""Rows of many devices as one batch of the stream."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from iotflow.readings import MOST_MEASUREMENTS
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow_gateway.pipeline.columns import Cells, wire_columns
from iotflow_gateway.pipeline.device_rows import ENOUGH_BYTES, ENOUGH_ROWS, ENOUGH_VALUES, DeviceRows
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.pending_batch import PendingBatch

# Devices that have little in common send each other's columns empty: of so many cells, at least one in eight has a value.
FEW_CELLS, CELLS_A_VALUE = 4_000, 8


class MultiDeviceBatch:
    """Rows of some devices, one device after the other."""

    def __init__(self, first: DeviceRows) -> None:
        self._parts = [first]
        # The first row of each part.
        self._firsts = [0]
        self._kinds = {name: kind for name, (kind, _, _) in first.columns.items()}
        self._size, self._values, self._bytes = len(first), first.values, first.bytes

    def __len__(self) -> int:
        return self._size

    @property
    def parts(self) -> Sequence[DeviceRows]:
        """A device's rows each."""
        return self._parts

    @property
    def is_full(self) -> bool:
        """Whether it takes no more of any device."""
        return self._size >= ENOUGH_ROWS or self._bytes >= ENOUGH_BYTES

    def take(self, rows: DeviceRows) -> bool:
        """Take another device's rows, if they go together with these. Nothing may join them any more."""
        if not self._takes(rows):
            return False
        self._parts.append(rows)
        self._firsts.append(self._size)
        self._kinds.update((name, kind) for name, (kind, _, _) in rows.columns.items())
        self._size += len(rows)
        self._values += rows.values
        self._bytes += rows.bytes
        return True

    def _takes(self, rows: DeviceRows) -> bool:
        size, kinds = self._size + len(rows), self._kinds
        if rows.timeless is not self._parts[0].timeless:
            return False
        if size > ENOUGH_ROWS or self._bytes + rows.bytes > ENOUGH_BYTES:
            return False
        if any(kinds.get(name, kind) is not kind for name, (kind, _, _) in rows.columns.items()):
            return False
        wide = len(kinds) + sum(name not in kinds for name in rows.columns)
        cells = min(ENOUGH_VALUES, CELLS_A_VALUE * (self._values + rows.values))
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

    def divided(self) -> list[PendingBatch]:
        """By device, or by message where they are one device's; empty: it is of one message."""
        parts = self._parts if len(self._parts) > 1 else self._parts[0].by_message()
        return [MultiDeviceBatch(part) for part in parts] if len(parts) > 1 else []

    def is_refused_whole(self, rejection: Rejection) -> bool:
        """Whether it is the batch that the server does not take, for which no device may be to blame: it may know of no such
        batches, or have smaller limits than usual."""
        return (
            len(self._parts) > 1
            and rejection.reason == "INVALID_ARGUMENT"
            and not rejection.measurement
            and rejection.count == self._size
        )

    def concerned(self, rejection: Rejection) -> Iterator[tuple[Message, int]]:
        """The messages that a rejection concerns, each with the index of the first reading concerned in it."""
        end = rejection.index + rejection.count
        for place in range(bisect_right(self._firsts, rejection.index) - 1, len(self._parts)):
            part, first = self._parts[place], self._firsts[place]
            if first >= end:
                break
            yield from part.concerned(max(rejection.index - first, 0), end - first, rejection.measurement)


def _append(part: DeviceRows, first: int, columns: dict[str, Cells]) -> None:
    """Add a device's rows, which become those from `first` on."""
    for name, (kind, rows, values) in part.columns.items():
        cells = columns.get(name)
        if cells is None:
            cells = columns[name] = (kind, [], [])
        cells[1].extend([first + row for row in rows])
        cells[2].extend(values)
