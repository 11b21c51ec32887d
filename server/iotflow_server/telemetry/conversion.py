"""Lossless conversion of columns between types."""

from collections.abc import Callable

import numpy as np

from iotflow_server.telemetry.batch import Column, Mask, Times, Values, ValueType

# Bounds of the signed integers as float64: the lower one is inclusive, the upper one exclusive.
_RANGES = {ValueType.INT32: (-(2.0**31), 2.0**31), ValueType.INT64: (-(2.0**63), 2.0**63)}
_INTEGERS = (ValueType.INT32, ValueType.INT64)


def convert(column: Column, target: ValueType) -> tuple[Values, Mask]:
    """The values of the column as `target`, and the rows that do not fit it without loss.

    Returns (values, misfits): values of shape (rows,) and dtype `target.dtype`, undefined where the column has no value or
    misfits is True; misfits of shape (rows,), False where the column has no value. A number fits if the converted value is
    equal, so -0.0 fits an integer as 0. Text and booleans fit their own type only.
    """
    if column.type is target:
        return column.values, np.zeros(len(column.values), np.bool_)
    if not (column.type.is_number and target.is_number):
        values: Values = np.zeros(len(column.values), target.dtype)
        misfits: Mask = np.ones(len(column.values), np.bool_)
    else:
        # Overflow is detected below, and rows without a value may hold anything: warnings of either are unwanted.
        with np.errstate(all="ignore"):
            values, misfits = _converter(column.type, target)(column.values, target)
    return values, misfits if column.valid is None else misfits & column.valid


def _converter(source: ValueType, target: ValueType) -> Callable[[Values, ValueType], tuple[Values, Mask]]:
    if source in _INTEGERS:
        return _integers_to_integers if target in _INTEGERS else _integers_to_reals
    return _reals_to_integers if target in _INTEGERS else _reals_to_reals


def _integers_to_integers(values: Values, target: ValueType) -> tuple[Values, Mask]:
    converted = values.astype(target.dtype)
    return converted, converted != values


def _reals_to_reals(values: Values, target: ValueType) -> tuple[Values, Mask]:
    converted = values.astype(target.dtype)
    return converted, converted.astype(np.float64) != values


def _integers_to_reals(values: Values, target: ValueType) -> tuple[Values, Mask]:
    converted = values.astype(target.dtype)
    back, misfits = _reals_to_integers(converted, ValueType.INT64)
    return converted, misfits | (back != values)


def _reals_to_integers(values: Values, target: ValueType) -> tuple[Values, Mask]:
    low, high = _RANGES[target]
    wide = values.astype(np.float64)
    # A cast from outside the range is undefined and may yield a plausible number.
    inside = (wide >= low) & (wide < high)
    converted = np.where(inside, wide, 0.0).astype(target.dtype)
    return converted, ~inside | (converted.astype(np.float64) != wide)


# Limit of the runs that rejections of a column name one by one, so that responses stay small.
MOST_RUNS = 32


def widened(rejected: Mask, valid: Mask | None) -> Mask:
    """The rejected rows, or every row with a value if the rejected ones form more than MOST_RUNS runs."""
    starts = np.count_nonzero(rejected[1:] & ~rejected[:-1]) + int(rejected[0])
    if starts <= MOST_RUNS:
        return rejected
    return np.ones(len(rejected), np.bool_) if valid is None else valid


def runs(rows: Mask) -> list[tuple[int, int]]:
    """The runs of True in rows (shape (rows,)), as (first index, length), ascending."""
    indices: Times = np.flatnonzero(rows)
    if not len(indices):
        return []
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    return [(int(run[0]), len(run)) for run in np.split(indices, breaks)]
