"""What of a batch was stored, once the store has said what was not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask, Rejection


def accepted(batch: Batch, rejections: Sequence[Rejection]) -> Batch | None:
    """The batch without the refused values; None where nothing is left."""
    if not rejections:
        return batch
    if batch.atomic:
        return None
    by_name: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        by_name.setdefault(rejection.measurement, []).append(rejection)
    whole_rows = by_name.get("", [])
    kept = (_without(column, [*whole_rows, *by_name.get(column.measurement, ())]) for column in batch.columns)
    columns = tuple(column for column in kept if column.present)
    return replace(batch, columns=columns) if columns else None


def _without(column: Column, rejections: Sequence[Rejection]) -> Column:
    """The column without the rows of these rejections, all of which concern it."""
    if not rejections:
        return column
    valid = _mask(column)
    for rejection in rejections:
        valid[rejection.index : rejection.index + rejection.count] = False
    return replace(column, valid=valid)


def _mask(column: Column) -> Mask:
    return np.ones(len(column.values), np.bool_) if column.valid is None else column.valid.copy()


def rows_with_values(batch: Batch | None) -> int:
    """How many rows have at least one value."""
    if batch is None:
        return 0
    if any(column.valid is None for column in batch.columns):
        return len(batch.times)
    present = np.zeros(len(batch.times), np.bool_)
    for column in batch.columns:
        present |= _mask(column)
    return int(np.count_nonzero(present))
