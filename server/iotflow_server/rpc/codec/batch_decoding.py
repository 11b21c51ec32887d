"""Decoding of columnar batches: the rows of each device, the values that can be stored, and the rejections of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from iotflow.readings import name_problem
from iotflow.v1 import telemetry_pb2
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_server.errors import InvalidArgument
from iotflow_server.telemetry import checks
from iotflow_server.telemetry.batch import Batch, Column, Mask, Rejection, Times, Values, ValueType
from iotflow_server.telemetry.times import FIRST_TIME, LAST_TIME
from iotflow_server.telemetry.type_conversion import MOST_RUNS, widened

# Each column is divided by run.
MOST_DEVICE_RUNS, MOST_PIECES = 1_000, 200_000
FIELD_TYPES = {
    "doubles": ValueType.DOUBLE,
    "floats": ValueType.FLOAT,
    "int64s": ValueType.INT64,
    "int32s": ValueType.INT32,
    "bools": ValueType.BOOLEAN,
    "strings": ValueType.TEXT,
}
# Repeated fields with fewer values are copied through a list.
SHORT_FIELD = 32
# Rows of one device up to which every range of rejected rows is reported.
MOST_RANGES = 2 * MOST_RUNS
_FLOATING = (ValueType.DOUBLE, ValueType.FLOAT)


@dataclass(frozen=True, slots=True)
class Run:
    """The rows first to end-1, which belong to one device."""

    device_id: int
    first: int
    end: int


def runs(message: TelemetryBatch) -> list[Run]:
    """Divide the rows into runs of consecutive rows of one device. Raises InvalidArgument."""
    rows = len(message.timestamps)
    if not message.device_ids:
        return [Run(message.device_id, 0, rows)]
    if message.device_id:
        raise InvalidArgument(
            "device_ids", "The fields device_ids and device_id exclude each other. Set only one of them."
        )
    if message.atomic:
        raise InvalidArgument("atomic", "A batch of several devices cannot be atomic. Send one batch per device.")
    if len(message.device_ids) != rows:
        raise InvalidArgument("device_ids", f"The field has {len(message.device_ids)} elements for {rows} timestamps.")
    ids = np.array(message.device_ids, np.int32)
    edges = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), rows]
    if len(edges) > MOST_DEVICE_RUNS + 1:
        raise InvalidArgument(
            "device_ids", f"The device changes more than {MOST_DEVICE_RUNS} times. Group the rows by device."
        )
    if (len(edges) - 1) * len(message.columns) > MOST_PIECES:
        raise InvalidArgument(
            "device_ids", f"The batch has more than {MOST_PIECES:,} devices times columns. Divide it."
        )
    return [Run(int(ids[first]), first, end) for first, end in pairwise(edges)]


def decode(
    message: telemetry_pb2.TelemetryBatch, limits: checks.Limits, runs: Sequence[Run]
) -> tuple[Batch | None, list[Rejection]]:
    """Decode a batch into the values that can be stored, and the rejections of the other values.

    runs: the rows of the devices whose values are checked. Each rejection is about one run. The batch is None if no value can
    be stored. The times are not checked. Raises InvalidArgument, which names the field, if the batch is malformed.
    """
    times = _times(message, limits)
    if not message.columns:
        raise InvalidArgument("columns", "A batch must have at least one column.")
    if len(message.columns) > limits.columns:
        raise InvalidArgument("columns", f"A batch can have at most {limits.columns} columns.")
    if len(times) * len(message.columns) > limits.values:
        raise InvalidArgument("columns", f"A batch can have at most {limits.values} values (rows times columns).")
    decoding = _Decoding(len(times), limits, runs, [])
    columns = [column for index, wire in enumerate(message.columns) if (column := decoding.column(wire, index))]
    if len({wire.measurement for wire in message.columns}) < len(message.columns):
        _reject_duplicate(message)
    if not columns or (message.atomic and decoding.rejections):
        return None, decoding.rejections
    return Batch(message.device_id, times, tuple(columns), message.atomic), decoding.rejections


def _times(message: telemetry_pb2.TelemetryBatch, limits: checks.Limits) -> Times:
    rows = len(message.timestamps)
    if not rows:
        raise InvalidArgument("timestamps", "A batch must have at least one row.")
    if rows > limits.rows:
        raise InvalidArgument("timestamps", f"A batch can have at most {limits.rows} rows.")
    return _array(message.timestamps, np.dtype(np.int64))


def are_in_time(times: Times) -> bool:
    """Whether all times are in the range that can be stored."""
    # The methods of the array take one and a half times as long.
    return bool(np.minimum.reduce(times) >= FIRST_TIME and np.maximum.reduce(times) <= LAST_TIME)


def _reject_duplicate(message: telemetry_pb2.TelemetryBatch) -> None:
    names = [column.measurement for column in message.columns]
    duplicate = next(name for name in names if names.count(name) > 1)
    raise InvalidArgument("columns", f"The measurement {duplicate[:100]!r} occurs more than once.")


@dataclass(frozen=True, slots=True)
class _Decoding:
    """Decodes the columns of one batch. rows: the number of rows. rejections: the rejections so far."""

    rows: int
    limits: checks.Limits
    runs: Sequence[Run]
    rejections: list[Rejection]

    def column(self, wire: telemetry_pb2.Column, index: int) -> Column | None:
        """The values of the column that can be stored; None: there are none."""
        field, data = _filled(wire, index)
        if len(data) != self.rows:
            problem = f"The measurement {wire.measurement[:100]!r} has {len(data)} values for {self.rows} timestamps."
            raise InvalidArgument(f"columns[{index}].{field}", problem)
        valid = _validity(wire.validity, index, self.rows)
        if misnamed := name_problem(wire.measurement):
            self._reject_name(wire.measurement, valid, misnamed)
            return None
        type_ = FIELD_TYPES[field]
        values = _array(data, type_.dtype)
        mask = _unstorable(type_, values, valid, self.limits)
        if mask is not None:
            valid = self._without(wire.measurement, type_, values, valid, mask)
        if valid is not None and not valid.any():
            return None
        return Column(wire.measurement, type_, values, valid)

    def _reject_name(self, measurement: str, valid: Mask | None, problem: str) -> None:
        """Reject the measurement in every run that has values of it."""
        for run in self.runs:
            if valid is None or valid[run.first : run.end].any():
                rejected = Rejection(run.first, run.end - run.first, measurement, "INVALID_NAME", problem)
                self.rejections.append(rejected)

    def _without(self, measurement: str, type_: ValueType, values: Values, valid: Mask | None, mask: Mask) -> Mask:
        """The valid rows without the rows in mask, which are rejected."""
        for run in self.runs:
            # A run with fewer rows cannot have too many ranges.
            if run.end - run.first > MOST_RANGES:
                # The widened rows include rows without a value. Otherwise, each gap would divide a range.
                mask[run.first : run.end] = widened(mask[run.first : run.end], None)
        for first, end in self._ranges(mask):
            if type_ is ValueType.TEXT:
                reason, problem = "INVALID_TEXT", _text_problem(values[first:end], self.limits)
            else:
                reason, problem = "NOT_FINITE", "NaN and infinity are no readings"
            self.rejections.append(Rejection(first, end - first, measurement, reason, problem))
        return ~mask if valid is None else valid & ~mask

    def _ranges(self, mask: Mask) -> Iterator[tuple[int, int]]:
        """The ranges (first, end) of consecutive rows in mask that belong to one run."""
        rows = np.flatnonzero(mask)
        owners = np.searchsorted([run.first for run in self.runs], rows, "right") - 1
        boundaries = np.flatnonzero((np.diff(rows) != 1) | (np.diff(owners) != 0)) + 1
        firsts, lasts = rows[[0, *boundaries]].tolist(), rows[[*(boundaries - 1), -1]].tolist()
        for first, last, owner in zip(firsts, lasts, owners[[0, *boundaries]].tolist(), strict=True):
            if owner >= 0 and first < self.runs[owner].end:
                yield first, last + 1


def _array(data: Any, dtype: "np.dtype[Any]") -> Values:
    # For a short field, copying through a list is faster than the conversion by numpy.
    return np.array(data[:] if len(data) < SHORT_FIELD else data, dtype)


def _filled(wire: telemetry_pb2.Column, index: int) -> tuple[str, Any]:
    """The name and the content of the one value field that is set."""
    fields = [(field.name, data) for field, data in wire.ListFields() if field.name in FIELD_TYPES]
    if len(fields) != 1:
        names = ", ".join(name for name, _ in fields) or "none"
        raise InvalidArgument(
            f"columns[{index}]",
            f"The measurement {wire.measurement[:100]!r} must set exactly one of {', '.join(FIELD_TYPES)}; it sets {names}.",
        )
    return fields[0]


def _validity(bitmap: bytes, index: int, rows: int) -> Mask | None:
    if not bitmap:
        return None
    if len(bitmap) != (rows + 7) // 8:
        raise InvalidArgument(
            f"columns[{index}].validity",
            f"The bitmap has {len(bitmap)} bytes; {rows} rows need {(rows + 7) // 8}, one bit per row.",
        )
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), count=rows, bitorder="little")
    return bits.astype(np.bool_)


def _unstorable(type_: ValueType, values: Values, valid: Mask | None, limits: checks.Limits) -> Mask | None:
    """The rows whose values cannot be stored; None: all values can be stored."""
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
    """The problem of the first text that has one."""
    return next(filter(None, (checks.text_problem(value, limits) for value in values)), "")
