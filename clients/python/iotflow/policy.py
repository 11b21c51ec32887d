"""What happens to a new batch while the queue is full."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np

from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch

VALUE_FIELDS = ("doubles", "floats", "int64s", "int32s", "bools", "strings")


class Policy(StrEnum):
    """WAIT: the caller waits. REFUSE: the caller gets the error QUEUE_FULL. DROP_OLDEST: the oldest batches that are not on
    the way make room. DROP_NEWEST: the new batch is dropped. SAMPLE: the fuller the queue, the fewer rows are kept."""

    WAIT = "wait"
    REFUSE = "refuse"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    SAMPLE = "sample"


class DropReason(StrEnum):
    """Why rows were dropped. DAMAGED: a part of the folder cannot be read; the number of rows may be unknown (0)."""

    QUEUE_FULL = "QUEUE_FULL"
    DISK_FULL = "DISK_FULL"
    DAMAGED = "DAMAGED"


class Sampler:
    """Chooses the rows that SAMPLE keeps. It counts over batches, so that batches of one row are thinned out too."""

    def __init__(self) -> None:
        self._left_out = 0

    def thinned(self, batch: TelemetryBatch, used: int, limit: int) -> TelemetryBatch | None:
        """The batch with the rows that are kept; None: no row is. used, limit: of the queue, bytes."""
        step = kept_of(used, limit)
        if step == 1:
            return batch
        rows = [row for row in range(len(batch.timestamps)) if self._is_kept(step)]
        return only_rows(batch, rows) if rows else None

    def _is_kept(self, step: int) -> bool:
        self._left_out += 1
        is_kept = 0 < step <= self._left_out
        if is_kept:
            self._left_out = 0
        return is_kept


def kept_of(used: int, limit: int) -> int:
    """SAMPLE keeps one of so many rows; 0: none."""
    for eighths, step in ((4, 1), (6, 2), (7, 4), (8, 8)):
        if used * 8 < limit * eighths:
            return step
    return 0


def only_rows(batch: TelemetryBatch, rows: Sequence[int]) -> TelemetryBatch:
    """A copy with some of the rows."""
    part = TelemetryBatch(device_id=batch.device_id, atomic=batch.atomic, server_times=batch.server_times)
    part.timestamps.extend(batch.timestamps[row] for row in rows)
    if batch.device_ids:
        part.device_ids.extend(batch.device_ids[row] for row in rows)
    part.columns.extend(_only_rows(column, rows, len(batch.timestamps)) for column in batch.columns)
    return part


def _only_rows(column: Column, rows: Sequence[int], count: int) -> Column:
    part = Column(measurement=column.measurement)
    if column.validity:
        bits = np.unpackbits(np.frombuffer(column.validity, np.uint8), count=count, bitorder="little")
        part.validity = np.packbits(bits[list(rows)], bitorder="little").tobytes()
    for name in VALUE_FIELDS:
        values: Any = getattr(column, name)
        if values:
            getattr(part, name).extend(values[row] for row in rows)
    return part
