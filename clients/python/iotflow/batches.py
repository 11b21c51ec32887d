"""Converts between numpy columns and TelemetryBatch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iotflow.open_batch import ColumnPart, TypedColumn, column_part, field_of
from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch

# A list may contain None.
ColumnLike = ArrayLike | Sequence[Any]
DTYPES: dict[str, np.dtype[Any]] = {
    "doubles": np.dtype(np.float64),
    "floats": np.dtype(np.float32),
    "int64s": np.dtype(np.int64),
    "int32s": np.dtype(np.int32),
    "bools": np.dtype(np.bool_),
    "strings": np.dtype(object),
}


def encode_batch(
    timestamps: ArrayLike, columns: Mapping[str, ColumnLike], *, device_id: int = 0, atomic: bool = False
) -> TelemetryBatch:
    """A batch of one device's readings. Row i of every column belongs to timestamps[i].

    timestamps: shape (rows,), whole numbers of milliseconds since 1970 UTC, or datetime64 (taken as UTC).
    columns: measurement to shape (rows,). The dtype chooses the type: float64 and float16 DOUBLE, float32 FLOAT, int64
    and uint32 INT64, smaller integers INT32, bool BOOLEAN, str TEXT; lists and object arrays get the type that numpy
    gives their values. None, NaN and masked entries of a numpy.ma.MaskedArray mean that there is no value; a column
    without any value is omitted.
    device_id: for gateways and admins; 0: the device of the API key. atomic: one rejected value rejects the batch.

    Raises ValueError where lengths differ, where there are no rows or no values, or where a dtype has no type.
    """
    times = _times(timestamps)
    batch = TelemetryBatch(device_id=device_id, timestamps=times.tolist(), atomic=atomic)
    for name, values in columns.items():
        column = _column(name, values, len(times))
        if column is not None:
            batch.columns.append(column)
    if not batch.columns:
        raise ValueError("The batch has no value. Add at least one.")
    return batch


def decode_batch(batch: TelemetryBatch) -> "tuple[NDArray[np.int64], dict[str, np.ma.MaskedArray[Any, Any]]]":
    """The times and columns of a batch.

    Times: shape (rows,), int64 milliseconds since 1970 UTC. Columns: measurement to a masked array of shape (rows,),
    masked where the row has no value; TEXT has dtype object (str).
    """
    times = np.array(batch.timestamps, np.int64)
    return times, {column.measurement: _decoded(column, len(times)) for column in batch.columns}


def _times(timestamps: ArrayLike) -> NDArray[np.int64]:
    times = np.asarray(timestamps)
    if times.ndim != 1 or not times.size:
        raise ValueError("timestamps must have one dimension and at least one row.")
    if times.dtype.kind == "M":
        times = times.astype("datetime64[ms]")
    elif times.dtype.kind not in "iu":
        raise ValueError(f"timestamps must be whole milliseconds or datetime64, not {times.dtype}.")
    return times.astype(np.int64)


def columns_of(timestamps: ArrayLike, columns: Mapping[str, ColumnLike], device_id: int) -> ColumnPart:
    """Columns as encode_batch() takes them, without those that have no value. Raises ValueError as it does."""
    times = _times(timestamps)
    found = {name: _values(name, values, len(times)) for name, values in columns.items()}
    return column_part(device_id, times, {name: each for name, each in found.items() if each is not None})


def _column(name: str, given: ColumnLike, rows: int) -> Column | None:
    found = _values(name, given, rows)
    if found is None:
        return None
    field, values, valid = found
    column = Column(measurement=name)
    if valid is not None:
        column.validity = np.packbits(valid, bitorder="little").tobytes()
    getattr(column, field).extend(values.tolist())
    return column


def _values(name: str, given: ColumnLike, rows: int) -> TypedColumn | None:
    """The values with placeholders. None: no row has one."""
    array = given if isinstance(given, np.ndarray) else np.array(given, object)
    if array.shape != (rows,):
        raise ValueError(f"The column {name} has the shape {array.shape}, but there are {rows} timestamps.")
    missing = _missing(array)
    if missing.all():
        return None
    field, present = _typed(name, np.ma.getdata(array)[~missing])
    if not missing.any():
        return field, present, None
    values = np.full(rows, "" if field == "strings" else 0, DTYPES[field])
    values[~missing] = present
    return field, values, ~missing


def _missing(array: NDArray[Any]) -> NDArray[np.bool_]:
    """True for rows without a value."""
    values, missing = np.ma.getdata(array), np.ma.getmaskarray(array).copy()
    if values.dtype.kind == "f":
        missing |= np.isnan(values)
    elif values.dtype.kind == "O":
        # Only NaN is not equal to itself.
        missing |= np.array([value is None or value != value for value in values])
    return missing


def _typed(name: str, present: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    """The value field of these values, and the values in its dtype."""
    if present.dtype.kind == "O":
        present = _uniform(name, present.tolist())
    field = field_of(present.dtype)
    if field is None:
        raise ValueError(f"The column {name} has the dtype {present.dtype}, which no type of measurement has.")
    return field, present.astype(DTYPES[field])


def _uniform(name: str, values: list[Any]) -> NDArray[Any]:
    """An array of the type that numpy finds, without converting numbers to text or booleans to numbers."""
    texts, bools = (sum(isinstance(value, kind) for value in values) for kind in (str, bool | np.bool_))
    if texts not in (0, len(values)) or bools not in (0, len(values)):
        raise ValueError(f"The column {name} mixes texts, booleans and numbers. Use one of them.")
    return np.array(values)


def _decoded(column: Column, rows: int) -> "np.ma.MaskedArray[Any, Any]":
    field, data = next((field.name, data) for field, data in column.ListFields() if field.name in DTYPES)
    valid = np.ones(rows, np.bool_)
    if column.validity:
        bits = np.unpackbits(np.frombuffer(column.validity, np.uint8), count=rows, bitorder="little")
        valid = bits.astype(np.bool_)
    return np.ma.masked_array(np.array(data, DTYPES[field]), mask=~valid)
