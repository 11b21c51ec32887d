"""Columnar batches: wire to domain and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iotflow.readings import name_problem
from iotflow.v1 import telemetry_pb2
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.wire_runs import Run
from iotflow_server.telemetry import checks
from iotflow_server.telemetry.batch import Batch, Column, Mask, Rejection, Times, Values, ValueType
from iotflow_server.telemetry.conversion import MOST_RUNS, widened
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
MOST_STRETCHES = 2 * MOST_RUNS
# Of what a caller wrote, in an answer.
LONGEST = 1_000
_FLOATING = (ValueType.DOUBLE, ValueType.FLOAT)


def decode(
    message: telemetry_pb2.TelemetryBatch, limits: checks.Limits, runs: Sequence[Run]
) -> tuple[Batch | None, list[Rejection]]:
    """The batch without the values that cannot be stored, and those; None where nothing is left to store. runs: whose its rows are,
    of those who are asked about; no refusal speaks of more than one of them. Its times are not looked at.

    Raises InvalidArgument, naming the field, where the batch itself is malformed.
    """
    times = _times(message, limits)
    if not message.columns:
        raise InvalidArgument("columns", "a batch needs at least one column")
    if len(message.columns) > limits.columns:
        raise InvalidArgument("columns", f"a batch has at most {limits.columns} columns")
    if len(times) * len(message.columns) > limits.values:
        raise InvalidArgument("columns", f"a batch has at most {limits.values} values, rows times columns")
    decoding = _Decoding(len(times), limits, runs, [])
    columns = [column for index, wire in enumerate(message.columns) if (column := decoding.column(wire, index))]
    if len({wire.measurement for wire in message.columns}) < len(message.columns):
        _refuse_twice(message)
    if not columns or (message.atomic and decoding.rejections):
        return None, decoding.rejections
    return Batch(message.device_id, times, tuple(columns), message.atomic), decoding.rejections


def _times(message: telemetry_pb2.TelemetryBatch, limits: checks.Limits) -> Times:
    rows = len(message.timestamps)
    if not rows:
        raise InvalidArgument("timestamps", "a batch needs at least one row")
    if rows > limits.rows:
        raise InvalidArgument("timestamps", f"a batch has at most {limits.rows} rows")
    return _array(message.timestamps, np.dtype(np.int64))


def are_in_time(times: Times) -> bool:
    """Whether all can be stored."""
    # The array's own methods cost half as much again.
    return bool(np.minimum.reduce(times) >= FIRST_TIME and np.maximum.reduce(times) <= LAST_TIME)


def _refuse_twice(message: telemetry_pb2.TelemetryBatch) -> None:
    names = [column.measurement for column in message.columns]
    twice = next(name for name in names if names.count(name) > 1)
    raise InvalidArgument("columns", f"measurement {twice[:100]!r} stands twice")


@dataclass(frozen=True, slots=True)
class _Decoding:
    """Of so many rows; rejections: what was refused so far."""

    rows: int
    limits: checks.Limits
    runs: Sequence[Run]
    rejections: list[Rejection]

    def column(self, wire: telemetry_pb2.Column, index: int) -> Column | None:
        """What can be stored of it."""
        field, data = _filled(wire, index)
        if len(data) != self.rows:
            problem = f"{wire.measurement[:100]!r} has {len(data)} values for {self.rows} timestamps"
            raise InvalidArgument(f"columns[{index}].{field}", problem)
        valid = _validity(wire.validity, index, self.rows)
        if misnamed := name_problem(wire.measurement):
            self._refuse_name(wire.measurement, valid, misnamed)
            return None
        type_ = FIELD_TYPES[field]
        values = _array(data, type_.dtype)
        mask = _unstorable(type_, values, valid, self.limits)
        if mask is not None:
            valid = self._without(wire.measurement, type_, values, valid, mask)
        if valid is not None and not valid.any():
            return None
        return Column(wire.measurement, type_, values, valid)

    def _refuse_name(self, measurement: str, valid: Mask | None, problem: str) -> None:
        """In every row of those who have it."""
        for run in self.runs:
            if valid is None or valid[run.first : run.end].any():
                refused = Rejection(run.first, run.end - run.first, measurement, "INVALID_NAME", problem)
                self.rejections.append(refused)

    def _without(self, measurement: str, type_: ValueType, values: Values, valid: Mask | None, mask: Mask) -> Mask:
        """The rows that are left without those in mask."""
        for run in self.runs:
            # Fewer rows cannot be scattered so much.
            if run.end - run.first > MOST_STRETCHES:
                # Also where there is no value: whose gaps are many would hear of as many stretches.
                mask[run.first : run.end] = widened(mask[run.first : run.end], None)
        for first, end in self._stretches(mask):
            if type_ is ValueType.TEXT:
                reason, problem = "INVALID_TEXT", _text_problem(values[first:end], self.limits)
            else:
                reason, problem = "NOT_FINITE", "NaN and infinity are no readings"
            self.rejections.append(Rejection(first, end - first, measurement, reason, problem))
        return ~mask if valid is None else valid & ~mask

    def _stretches(self, mask: Mask) -> Iterator[tuple[int, int]]:
        """First and end of the rows in mask that stand together and are one device's."""
        rows = np.flatnonzero(mask)
        owners = np.searchsorted([run.first for run in self.runs], rows, "right") - 1
        parted = np.flatnonzero((np.diff(rows) != 1) | (np.diff(owners) != 0)) + 1
        firsts, lasts = rows[[0, *parted]].tolist(), rows[[*(parted - 1), -1]].tolist()
        for first, last, owner in zip(firsts, lasts, owners[[0, *parted]].tolist(), strict=True):
            if owner >= 0 and first < self.runs[owner].end:
                yield first, last + 1


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
            f"{wire.measurement[:100]!r} must fill exactly one of {', '.join(FIELD_TYPES)}; it fills {names}",
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


def _unstorable(type_: ValueType, values: Values, valid: Mask | None, limits: checks.Limits) -> Mask | None:
    """Which present values cannot be stored; None: there are none."""
    if type_ in _FLOATING:
        mask = checks.not_finite(values)
    elif type_ is ValueType.TEXT:
        problems = [checks.text_problem(value, limits) is not None for value in values]
        mask = np.array(problems) if any(problems) else None
    else:
        return None
    if mask is not None and valid is not None:
        mask = mask & valid
    return mask if mask is not None and mask.any() else None


def _text_problem(values: Values, limits: checks.Limits) -> str:
    """Of the first that has one."""
    return next(filter(None, (checks.text_problem(value, limits) for value in values)), "")


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
        measurement=item.measurement[:LONGEST],
        reason=item.reason,
        message=item.message[:LONGEST],
        retryable=item.retryable,
    )
