"""Columnar batches: wire to domain and back."""

from typing import Any

import numpy as np

from iotflow.v1 import telemetry_pb2
from iotflow_server.errors import InvalidArgument
from iotflow_server.telemetry import checks
from iotflow_server.telemetry.batch import Batch, Column, Mask, Rejection, Times, Values, ValueType
from iotflow_server.telemetry.conversion import widened
from iotflow_server.telemetry.times import FIRST_TIME, LAST_TIME

FIELD_TYPES = {
    "doubles": ValueType.DOUBLE,
    "floats": ValueType.FLOAT,
    "int64s": ValueType.INT64,
    "int32s": ValueType.INT32,
    "bools": ValueType.BOOLEAN,
    "strings": ValueType.TEXT,
}
TYPE_FIELDS = {type_: field for field, type_ in FIELD_TYPES.items()}
FEW = 32
_FLOATING = (ValueType.DOUBLE, ValueType.FLOAT)


def decode(message: telemetry_pb2.TelemetryBatch, limits: checks.Limits) -> tuple[Batch | None, list[Rejection]]:
    """The batch without the values that cannot be stored, and those; None where nothing is left to store. Whose its rows
    are is not looked at.

    Raises InvalidArgument, naming the field, where the batch itself is malformed.
    """
    times = _times(message, limits)
    if not message.columns:
        raise InvalidArgument("columns", "a batch needs at least one column")
    if len(message.columns) > limits.columns:
        raise InvalidArgument("columns", f"a batch has at most {limits.columns} columns")
    if len(times) * len(message.columns) > limits.values:
        raise InvalidArgument("columns", f"a batch has at most {limits.values} values, rows times columns")
    rejections: list[Rejection] = []
    columns: list[Column] = []
    names: set[str] = set()
    for index, wire in enumerate(message.columns):
        column = _column(message, wire, index, limits, rejections)
        names.add(wire.measurement)
        if column is not None:
            columns.append(column)
    if len(names) < len(message.columns):
        _refuse_twice(message)
    if not columns or (message.atomic and rejections):
        return None, rejections
    return Batch(message.device_id, times, tuple(columns), message.atomic), rejections


def _times(message: telemetry_pb2.TelemetryBatch, limits: checks.Limits) -> Times:
    rows = len(message.timestamps)
    if not rows:
        raise InvalidArgument("timestamps", "a batch needs at least one row")
    if rows > limits.rows:
        raise InvalidArgument("timestamps", f"a batch has at most {limits.rows} rows")
    times = _array(message.timestamps, np.dtype(np.int64))
    # The array's own methods cost half as much again.
    if np.minimum.reduce(times) < FIRST_TIME or np.maximum.reduce(times) > LAST_TIME:
        raise InvalidArgument("timestamps", "a time lies outside the years 1 to 9999; write milliseconds since 1970")
    return times


def _refuse_twice(message: telemetry_pb2.TelemetryBatch) -> None:
    names = [column.measurement for column in message.columns]
    twice = next(name for name in names if names.count(name) > 1)
    raise InvalidArgument("columns", f"measurement {twice!r} stands twice")


def _column(
    message: telemetry_pb2.TelemetryBatch,
    wire: telemetry_pb2.Column,
    index: int,
    limits: checks.Limits,
    rejections: list[Rejection],
) -> Column | None:
    field, data = _filled(wire, index)
    rows = len(message.timestamps)
    if len(data) != rows:
        raise InvalidArgument(
            f"columns[{index}].{field}", f"{wire.measurement!r} has {len(data)} values for {rows} timestamps"
        )
    valid = _validity(wire.validity, index, rows)
    if problem := checks.name_problem(wire.measurement):
        rejections.append(Rejection(0, rows, wire.measurement, "INVALID_NAME", problem))
        return None
    type_ = FIELD_TYPES[field]
    values = _array(data, type_.dtype)
    refused = _refused(type_, values, valid, limits)
    if refused is not None:
        mask, reason, problem = refused
        if not message.device_ids:
            # Of many devices each would answer for the others.
            mask = widened(mask, valid)
        rejections.extend(checks.rejections_of(mask, wire.measurement, reason, problem))
        valid = ~mask if valid is None else valid & ~mask
    if valid is not None and not valid.any():
        return None
    return Column(wire.measurement, type_, values, valid)


def _array(data: Any, dtype: "np.dtype[Any]") -> Values:
    # Of few values a list is faster made than numpy's view of a repeated field.
    return np.array(data[:] if len(data) < FEW else data, dtype)


def _filled(wire: telemetry_pb2.Column, index: int) -> tuple[str, Any]:
    """The one value field that is filled."""
    filled = [(field.name, data) for field, data in wire.ListFields() if field.name in FIELD_TYPES]
    if len(filled) != 1:
        names = ", ".join(name for name, _ in filled) or "none"
        raise InvalidArgument(
            f"columns[{index}]",
            f"{wire.measurement!r} must fill exactly one of {', '.join(FIELD_TYPES)}; it fills {names}",
        )
    return filled[0]


def _validity(bitmap: bytes, index: int, rows: int) -> Mask | None:
    if not bitmap:
        return None
    if len(bitmap) != (rows + 7) // 8:
        raise InvalidArgument(
            f"columns[{index}].validity", f"{len(bitmap)} bytes for {rows} rows; a bit a row, rounded up to whole bytes"
        )
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), count=rows, bitorder="little")
    return bits.astype(np.bool_)


def _refused(
    type_: ValueType, values: Values, valid: Mask | None, limits: checks.Limits
) -> tuple[Mask, str, str] | None:
    """Which present values cannot be stored, the reason, and a sentence."""
    if type_ in _FLOATING:
        mask, reason, problem = checks.not_finite(values), "NOT_FINITE", "NaN and infinity are no readings"
    elif type_ is ValueType.TEXT:
        problems = [checks.text_problem(value, limits) for value in values]
        found = next(filter(None, problems), None)
        mask = None if found is None else np.array([problem is not None for problem in problems])
        reason, problem = "INVALID_TEXT", found or ""
    else:
        return None
    if mask is not None and valid is not None:
        mask = mask & valid
    return None if mask is None or not mask.any() else (mask, reason, problem)


def encode(batch: Batch) -> telemetry_pb2.TelemetryBatch:
    """A batch as it travels to readers; sequence stays 0."""
    message = telemetry_pb2.TelemetryBatch(device_id=batch.device_id, timestamps=batch.times.tolist())
    for column in batch.columns:
        message.columns.append(_encoded(column))
    return message


def _encoded(column: Column) -> telemetry_pb2.Column:
    wire = telemetry_pb2.Column(measurement=column.measurement)
    values = column.values
    if column.valid is not None:
        wire.validity = np.packbits(column.valid, bitorder="little").tobytes()
        values = values.copy()
        values[~column.valid] = "" if column.type is ValueType.TEXT else 0
    getattr(wire, TYPE_FIELDS[column.type]).extend(values.tolist())
    return wire


def rejection(item: Rejection, sequence: int = 0) -> telemetry_pb2.Rejection:
    """A rejection as it travels."""
    return telemetry_pb2.Rejection(
        sequence=sequence,
        index=item.index,
        count=item.count,
        measurement=item.measurement,
        reason=item.reason,
        message=item.message,
        retryable=item.retryable,
    )
