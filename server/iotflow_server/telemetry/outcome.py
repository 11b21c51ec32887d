"""The result of writing a batch: what was stored, what was rejected, and how much of both there was since the start."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Column, Mask, Rejection, Times
from iotflow_server.telemetry.multi_device_batch import AnyBatch, MultiDeviceBatch


@dataclass(frozen=True, slots=True)
class Outcome:
    """rejections: of the batch. buffered: the rest is in the journal only, and is written to the store later."""

    rejections: tuple[Rejection, ...] = ()
    buffered: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """The durably stored part of a device's batch."""

    device: Device
    batch: Batch

    def parts(self) -> Iterable["Stored"]:
        """By device."""
        return (self,)


@dataclass(frozen=True, slots=True)
class StoredTogether:
    """A durably stored batch of several devices. devices: those of the batch."""

    devices: Sequence[Device]
    batch: MultiDeviceBatch

    def parts(self) -> Iterable[Stored]:
        """By device."""
        return map(Stored, self.devices, self.batch.parts())


def stored_by_device(stored: Iterable[Stored | StoredTogether]) -> list[Stored]:
    """The stored parts of each device's batches."""
    return [part for one in stored for part in one.parts()]


@dataclass(slots=True)
class Tally:
    """Number of batches, readings (rows) and values stored, and of values rejected, since the start of the process."""

    batches: int = 0
    readings: int = 0
    values: int = 0
    rejected: int = 0

    def record_stored(self, kept: AnyBatch | None) -> None:
        """Count the stored part of a batch; None: nothing was stored. A batch of several devices counts as one of each."""
        if kept is not None:
            self.batches += 1 if isinstance(kept, Batch) else len(kept.device_ids)
            self.readings += rows_with_values(kept)
            self.values += kept.values

    def record_rejected(self, rejections: Sequence[Rejection]) -> None:
        """Count values that were rejected before the store or by it."""
        self.rejected += sum(rejection.count for rejection in rejections)


def accepted(batch: Batch, rejections: Sequence[Rejection]) -> Batch | None:
    """The batch without the rejected values; None if nothing is left."""
    if not rejections:
        return batch
    if batch.atomic:
        return None
    by_name: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        by_name.setdefault(rejection.measurement, []).append(rejection)
    whole_rows = by_name.get("", [])
    kept = (_without(column, [*whole_rows, *by_name.get(column.measurement, ())]) for column in batch.columns)
    columns = tuple(column for column in kept if column and column.present)
    return replace(batch, columns=columns) if columns else None


def _without(column: Column, rejections: Sequence[Rejection]) -> Column | None:
    """The column without the rows of these rejections, all of which concern it; None if one covers every row."""
    if not rejections:
        return column
    if rejections[0].count == len(column.values):
        return None
    valid = _mask(column)
    for rejection in rejections:
        valid[rejection.index : rejection.index + rejection.count] = False
    return replace(column, valid=valid)


def _mask(column: Column) -> Mask:
    return np.ones(len(column.values), np.bool_) if column.valid is None else column.valid.copy()


def rows_with_values(batch: AnyBatch | None) -> int:
    """Number of rows that have at least one value."""
    return len(stored_times(batch))


def stored_times(batch: AnyBatch | None) -> Times:
    """The times of the rows that have at least one value."""
    if batch is None:
        return np.zeros(0, np.int64)
    if any(column.valid is None for column in batch.columns):
        return batch.times
    present = np.zeros(len(batch.times), np.bool_)
    for column in batch.columns:
        present |= _mask(column)
    return batch.times[present]


def merged(stored: Sequence[Times]) -> int:
    """Number of rows that merge with another row because their times are equal."""
    times = np.concatenate(stored) if stored else np.zeros(0, np.int64)
    # Most times arrive in order, and checking that is cheaper than sorting.
    if np.all(times[1:] > times[:-1]):
        return 0
    return len(times) - len(np.unique(times))
