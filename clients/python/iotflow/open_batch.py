"""The batch of a writer that rows and columns are being added to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch

ROW_BYTES = 8
COLUMN_BYTES = 16
_PLACEHOLDERS: dict[str, Any] = {
    "doubles": 0.0,
    "floats": 0.0,
    "int64s": 0,
    "int32s": 0,
    "bools": False,
    "strings": "",
}
_SIZES = {"doubles": 8, "floats": 4, "int64s": 10, "int32s": 10, "bools": 1}
Value = float | int | bool | str | np.generic | None
# A measurement's value field, and the value.
Cell = tuple[str, Any]
# A measurement's value field, its values, and which rows have one; None: all.
TypedColumn = tuple[str, NDArray[Any], NDArray[np.bool_] | None]


class OpenBatch:
    """Rows and their columns, until the batch ends."""

    def __init__(self) -> None:
        self.times: list[int] = []
        # Positions of rows whose time is a monotonic one, in milliseconds.
        self.monotonic_rows: list[int] = []
        self.bytes = 0
        self._device_ids: list[int] = []
        self._columns: dict[str, _OpenColumn] = {}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.times)

    def accepts(self, device_id: int, columns: Mapping[str, Cell] | Mapping[str, TypedColumn]) -> bool:
        """Whether the row or columns fit: a measurement keeps its type, and rows of the key's device are on their own."""
        if self._device_ids and (self._device_ids[-1] == 0) != (device_id == 0):
            return False
        for name, typed in columns.items():
            column = self._columns.get(name)
            if column is not None and column.kind != typed[0]:
                return False
        return True

    def add_row(self, time: int, device_id: int, cells: Mapping[str, Cell], *, is_monotonic: bool = False) -> None:
        """Append a row with at least one value."""
        row = len(self.times)
        if is_monotonic:
            self.monotonic_rows.append(row)
        self.times.append(time)
        self._device_ids.append(device_id)
        size = ROW_BYTES
        for name, (kind, value) in cells.items():
            size += _SIZES.get(kind) or len(value.encode()) + 2
            column = self._columns.get(name) or self._new_column(name, kind)
            column.append(row, value)
        self.bytes += size

    def add_columns(self, part: "ColumnPart") -> None:
        """Append rows as columns."""
        first = len(self.times)
        self.times.extend(part.times.tolist())
        self._device_ids.extend([part.device_id] * len(part.times))
        self.bytes += int(part.sizes.sum())
        for name, (kind, values, valid) in part.columns.items():
            column = self._columns.get(name) or self._new_column(name, kind)
            column.extend(first, values, valid)

    def encoded(self) -> TelemetryBatch:
        """The batch."""
        batch = TelemetryBatch(timestamps=self.times)
        if len(set(self._device_ids)) > 1:
            batch.device_ids.extend(self._device_ids)
        else:
            batch.device_id = self._device_ids[0]
        for name, column in self._columns.items():
            batch.columns.append(column.encoded(name, len(self.times)))
        return batch

    def _new_column(self, name: str, kind: str) -> "_OpenColumn":
        column = self._columns[name] = _OpenColumn(kind)
        self.bytes += len(name) + COLUMN_BYTES
        return column


class _OpenColumn:
    """Values of a measurement, with placeholders for rows that have none."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._values: list[Any] = []
        self._missing: list[int] = []

    def append(self, row: int, value: Any) -> None:
        if len(self._values) < row:
            self._fill(row)
        self._values.append(value)

    def extend(self, first: int, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> None:
        self._fill(first)
        self._values.extend(values.tolist())
        if valid is not None:
            self._missing.extend((first + np.flatnonzero(~valid)).tolist())

    def encoded(self, name: str, rows: int) -> Column:
        self._fill(rows)
        column = Column(measurement=name)
        getattr(column, self.kind).extend(self._values)
        if self._missing:
            valid = np.ones(rows, np.bool_)
            valid[self._missing] = False
            column.validity = np.packbits(valid, bitorder="little").tobytes()
        return column

    def _fill(self, rows: int) -> None:
        lacking = range(len(self._values), rows)
        self._missing.extend(lacking)
        self._values.extend([_PLACEHOLDERS[self.kind]] * len(lacking))


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """Rows of one device as columns. sizes: of each row, bytes."""

    device_id: int
    times: NDArray[np.int64]
    columns: dict[str, TypedColumn]
    sizes: NDArray[np.int64]

    def rows(self, begin: int, end: int) -> "ColumnPart":
        """Some of the rows; columns without a value in them are left out."""
        columns = {}
        for name, (kind, values, valid) in self.columns.items():
            part = None if valid is None else valid[begin:end]
            if part is None or part.any():
                columns[name] = (kind, values[begin:end], part)
        return ColumnPart(self.device_id, self.times[begin:end], columns, self.sizes[begin:end])


def column_part(device_id: int, times: NDArray[np.int64], columns: dict[str, TypedColumn]) -> ColumnPart:
    """The part of these columns, with its rows' sizes."""
    sizes = np.full(len(times), ROW_BYTES, np.int64)
    for kind, values, _ in columns.values():
        sizes += _SIZES[kind] if kind != "strings" else [len(text.encode()) + 2 for text in values.tolist()]
    return ColumnPart(device_id, times, columns, sizes)


def cells(values: Mapping[str, Value]) -> dict[str, Cell]:
    """The row's values with their value fields, without those that are None or NaN.

    Raises ValueError for other types, and for values that the encoded batch cannot hold.
    """
    found = {}
    for name, value in values.items():
        # Only NaN is not equal to itself.
        if value is not None and value == value:
            # Floats are by far the most frequent values, and need no check.
            kind = _ALWAYS_FIT.get(type(value))
            found[name] = (kind, value) if kind else _cell(name, value)
    return found


_ALWAYS_FIT: dict[type, str] = {float: "doubles", bool: "bools"}


def _cell(name: str, value: Any) -> Cell:
    if isinstance(value, int):
        if not is_int64(value):
            raise ValueError(f"The value of {name} does not fit into 64 bits.")
        return "int64s", int(value)
    if isinstance(value, str):
        return "strings", _text(name, value)
    if isinstance(value, np.generic):
        return _numpy_cell(name, value)
    if isinstance(value, float):
        return "doubles", float(value)
    raise ValueError(f"The value of {name} has the type {type(value).__name__}, which no type of measurement has.")


def is_int64(number: int) -> bool:
    """Whether the number has at most 64 bits, with its sign."""
    return -(2**63) <= number < 2**63


def _text(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"The value of {name} has characters that UTF-8 cannot encode.") from None
    return str(text)


def _numpy_cell(name: str, value: "np.generic[Any]") -> Cell:
    kind = field_of(value.dtype)
    if kind is None:
        raise ValueError(f"The value of {name} has the dtype {value.dtype}, which no type of measurement has.")
    return kind, value.item()


def field_of(dtype: np.dtype[Any]) -> str | None:
    """The value field of a dtype, or None."""
    if dtype.kind in "iu":
        if np.can_cast(dtype, np.int32):
            return "int32s"
        return "int64s" if np.can_cast(dtype, np.int64) else None
    if dtype.kind == "f":
        return "floats" if dtype == np.float32 else "doubles"
    return {"b": "bools", "U": "strings"}.get(dtype.kind)
