"""Conversion of columns between types: lossless for writes, and of all readings of a measurement to another type."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import numpy as np
import orjson

from iotflow.readings import EXACT
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.errors import FailedPrecondition, InvalidArgument
from iotflow_server.telemetry.batch import Batch, Column, Mask, Times, Values, ValueType

# Bounds of the signed integers as float64: the lower one is inclusive, the upper one exclusive.
_RANGES = {ValueType.INT32: (-(2.0**31), 2.0**31), ValueType.INT64: (-(2.0**63), 2.0**63)}
_INTEGERS = (ValueType.INT32, ValueType.INT64)

# Limit of the runs that rejections of a column name one by one, so that responses stay small.
MOST_RUNS = 32
# Largest number of readings that can be converted: they are held in memory, and other writes wait.
MOST_READINGS = 1_000_000
_BOOLEANS = {"true": True, "false": False}


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


def too_long(measurement: str) -> FailedPrecondition:
    """The error for a measurement with more readings."""
    message = (
        f"{measurement} has more than {MOST_READINGS:,} readings, too many to be converted at once;"
        " delete some of them, or drop the measurement."
    )
    return FailedPrecondition("TOO_MANY_READINGS", message)


async def retyped(readings: AsyncGenerator[Batch], measurement: str, target: ValueType) -> list[Batch]:
    """Convert the readings of one measurement. Raises InvalidArgument, FailedPrecondition."""
    batches, count = list[Batch](), 0
    async for batch in readings:
        count += len(batch.times)
        if count > MOST_READINGS:
            raise too_long(measurement)
        # Beside the event loop: of texts each is read by itself.
        column = await run_in_compute_thread(in_type, batch.columns[0], batch.times.tolist(), target)
        batches.append(Batch(batch.device_id, batch.times, (column,)))
    return batches


def in_type(column: Column, times: Sequence[int], target: ValueType) -> Column:
    """Convert a column that has a value in every row. Raises InvalidArgument naming the first value that does not fit."""
    values, misfits = _converted(column, target)
    if misfits.any():
        row = int(np.argmax(misfits))
        shown = str(column.values[row])[:50]
        moment = np.datetime_as_string(np.datetime64(times[row], "ms"))
        problem = (
            f"{column.measurement} is kept as {column.type} and has {int(np.count_nonzero(misfits))} values that do not fit"
            f" {target} without loss, the first of them {shown!r} at {moment}Z; delete these values, or drop the measurement"
        )
        raise InvalidArgument("type", problem, "NOT_LOSSLESS")
    return Column(column.measurement, target, values)


def _converted(column: Column, target: ValueType) -> tuple[Values, Mask]:
    if column.type is target or (column.type.is_number and target.is_number):
        return convert(column, target)
    if target is ValueType.TEXT:
        return _texts(column), np.zeros(len(column.values), np.bool_)
    if column.type is ValueType.TEXT:
        return _parsed(column.values, target)
    return np.zeros(len(column.values), target.dtype), np.ones(len(column.values), np.bool_)


def _texts(column: Column) -> Values:
    texts = np.empty(len(column.values), object)
    shown = column.values.astype(str) if column.type is ValueType.FLOAT else map(_json, column.values.tolist())
    texts[:] = [str(text) for text in shown]
    return texts


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _parsed(texts: Values, target: ValueType) -> tuple[Values, Mask]:
    values = np.zeros(len(texts), target.dtype)
    misfits = np.zeros(len(texts), np.bool_)
    for row, text in enumerate(texts.tolist()):
        value = _BOOLEANS.get(text) if target is ValueType.BOOLEAN else _number(text)
        misfits[row] = value is None or not _put(values, row, value)
    return values, misfits


def _number(text: str) -> int | float | None:
    try:
        value = orjson.loads(text)
        if type(value) is float and abs(value) >= EXACT:
            # Of whole numbers of more than 64 bits orjson loses digits.
            value = json.loads(text)
    except ValueError:
        return None
    return value if type(value) in (int, float) else None


def _put(values: Values, row: int, value: float) -> bool:
    """Assign a value; returns whether it fits without loss."""
    if values.dtype.kind == "i" and value != int(value):
        return False
    try:
        with np.errstate(all="ignore"):
            values[row] = value
    except OverflowError:
        return False
    return bool(values[row].item() == value)
