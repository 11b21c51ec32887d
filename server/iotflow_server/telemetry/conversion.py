"""Turning columns of one type into another without loss, a column at a time."""

from collections.abc import Callable

import numpy as np

from iotflow_server.telemetry.batch import Column, Mask, Times, Values, ValueType

# The bounds of the signed integers as float64: the lower one belongs to the range, the upper one is the first that does
# not.
_RANGES = {ValueType.INT32: (-(2.0**31), 2.0**31), ValueType.INT64: (-(2.0**63), 2.0**63)}
_INTEGERS = (ValueType.INT32, ValueType.INT64)


def convert(column: Column, target: ValueType) -> tuple[Values, Mask]:
    """The column's values as `target`, and the rows that do not fit it without loss.

    Answers (values, misfits): values of shape (rows,) and dtype `target.dtype`, meaningless where the column has no
    value or misfits is True; misfits of shape (rows,), False wherever the column has no value. A number fits if it
    comes out equal, so -0.0 fits an integer as 0. Text and booleans fit their own type only.
    """
    if column.type is target:
        return column.values, np.zeros(len(column.values), np.bool_)
    if not (column.type.is_number and target.is_number):
        values: Values = np.zeros(len(column.values), target.dtype)
        misfits: Mask = np.ones(len(column.values), np.bool_)
    else:
        # Overflow is what we look for, and rows without a value may hold anything: numpy need not warn of either.
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
    # A cast from outside the range is undefined, and may come out as a number that looks right.
    inside = (wide >= low) & (wide < high)
    converted = np.where(inside, wide, 0.0).astype(target.dtype)
    return converted, ~inside | (converted.astype(np.float64) != wide)


# Refusals that are scattered more than that are not named one by one: an answer has its limits too.
MOST_RUNS = 32


def widened(refused: Mask, valid: Mask | None) -> Mask:
    """The refused rows, or every row with a value where the refused ones make more than MOST_RUNS runs."""
    starts = np.count_nonzero(refused[1:] & ~refused[:-1]) + int(refused[0])
    if starts <= MOST_RUNS:
        return refused
    return np.ones(len(refused), np.bool_) if valid is None else valid


def runs(rows: Mask) -> list[tuple[int, int]]:
    """The runs of True in rows (shape (rows,)), as (first index, length), rising."""
    indices: Times = np.flatnonzero(rows)
    if not len(indices):
        return []
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    return [(int(run[0]), len(run)) for run in np.split(indices, breaks)]
