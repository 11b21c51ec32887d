"""Some rows of a batch as a batch of their own."""

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column


def rows_of(batch: Batch, first: int, end: int) -> Batch:
    """Rows first .. end-1; the columns that have a value there, perhaps none.

    A part is a copy: it may live much longer than the rest.
    """
    if first == 0 and len(batch.times) <= end:
        return batch
    kept = [column for whole in batch.columns if (column := _rows_of(whole, first, end)) is not None]
    return Batch(batch.device_id, batch.times[first:end].copy(), tuple(kept), batch.atomic)


def _rows_of(column: Column, first: int, end: int) -> Column | None:
    values, valid = column.values[first:end], None if column.valid is None else column.valid[first:end]
    if valid is not None:
        present = np.count_nonzero(valid)
        if not present:
            return None
        valid = None if present == len(valid) else valid.copy()
    return Column(column.measurement, column.type, values.copy(), valid)
