"""Joining and dividing of live readings; the readings of each device keep their order."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask
from iotflow_server.telemetry.live.events import LiveReadings


def joined(readings: Iterable[LiveReadings]) -> list[LiveReadings]:
    """Group the readings by device and join adjacent batches with equal columns."""
    runs: dict[int, list[list[LiveReadings]]] = {}
    for one in readings:
        of_device = runs.setdefault(one.batch.device_id, [])
        if of_device and _alike(of_device[-1][-1].batch, one.batch):
            of_device[-1].append(one)
        else:
            of_device.append([one])
    return [run[0] if len(run) == 1 else _join(run) for of_device in runs.values() for run in of_device]


def pieces(readings: LiveReadings, rows: int) -> Iterator[LiveReadings]:
    """Divide readings into batches of at most `rows` rows."""
    count = len(readings.batch.times)
    if count <= rows:
        yield readings
        return
    for start in range(0, count, rows):
        yield LiveReadings(readings.source, part(readings.batch, readings.batch.device_id, start, start + rows))


def stacked(batches: Sequence[Batch]) -> Batch:
    """Join batches with equal columns into one, with the device id of the first."""
    if len(batches) == 1:
        return batches[0]
    columns = zip(*(batch.columns for batch in batches), strict=True)
    times = np.concatenate([batch.times for batch in batches])
    return Batch(batches[0].device_id, times, tuple(map(_stacked, columns)))


def part(batch: Batch, device_id: int, start: int, end: int) -> Batch:
    """Rows start .. end-1 as a batch of a device."""
    # Copies: a view would keep the whole batch in memory while a slow subscriber holds a part.
    columns = tuple(
        Column(
            column.measurement,
            column.type,
            column.values[start:end].copy(),
            None if column.valid is None else column.valid[start:end].copy(),
        )
        for column in batch.columns
    )
    return Batch(device_id, batch.times[start:end].copy(), columns)


def _alike(one: Batch, other: Batch) -> bool:
    return len(one.columns) == len(other.columns) and all(
        column.measurement == next_.measurement and column.type is next_.type
        for column, next_ in zip(one.columns, other.columns, strict=True)
    )


def _join(run: Sequence[LiveReadings]) -> LiveReadings:
    # The last one has the current name of the device.
    return LiveReadings(run[-1].source, stacked([one.batch for one in run]))


def _stacked(parts: Sequence[Column]) -> Column:
    valid = None if all(part.valid is None for part in parts) else np.concatenate([_mask(part) for part in parts])
    return Column(parts[0].measurement, parts[0].type, np.concatenate([part.values for part in parts]), valid)


def _mask(column: Column) -> Mask:
    return np.ones(len(column.values), np.bool_) if column.valid is None else column.valid
