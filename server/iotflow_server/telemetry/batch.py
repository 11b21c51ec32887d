"""Readings as columns, from the wire to the store."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[Any]
Mask = NDArray[np.bool_]


class ValueType(StrEnum):
    """The type of a measurement, set by its first value."""

    DOUBLE = "DOUBLE"
    FLOAT = "FLOAT"
    INT64 = "INT64"
    INT32 = "INT32"
    BOOLEAN = "BOOLEAN"
    TEXT = "TEXT"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy type of a column of this type; TEXT: objects that are str."""
        return DTYPES[self]

    @property
    def is_number(self) -> bool:
        return self in (ValueType.DOUBLE, ValueType.FLOAT, ValueType.INT64, ValueType.INT32)


DTYPES: dict[ValueType, np.dtype[Any]] = {
    ValueType.DOUBLE: np.dtype(np.float64),
    ValueType.FLOAT: np.dtype(np.float32),
    ValueType.INT64: np.dtype(np.int64),
    ValueType.INT32: np.dtype(np.int32),
    ValueType.BOOLEAN: np.dtype(np.bool_),
    ValueType.TEXT: np.dtype(object),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One measurement of a batch.

    values: shape (rows,), dtype `type.dtype`. valid: shape (rows,), True where the row has a value; None: all rows have one.
    Entries of values where valid is False are undefined.
    """

    measurement: str
    type: ValueType
    values: Values
    valid: Mask | None = None

    @property
    def size(self) -> int:
        """Approximate size of the values in bytes."""
        if self.type is not ValueType.TEXT:
            return self.values.nbytes
        texts = self.values if self.valid is None else self.values[self.valid]
        return self.values.nbytes + sum(map(len, texts))

    def select(self, rows: Mask | Times | slice) -> "Column":
        """Some of the rows."""
        valid = None if self.valid is None else self.valid[rows]
        return Column(self.measurement, self.type, self.values[rows], valid)

    @property
    def present(self) -> int:
        """Number of rows that have a value."""
        return len(self.values) if self.valid is None else int(np.count_nonzero(self.valid))


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings of one device: row i of each column belongs to times[i].

    times: shape (rows,), int64 milliseconds since 1970 UTC, in any order; at equal times the later row wins, value by value.
    A measurement may have several columns of different types (rows of JSON may mix them). atomic: one rejected value rejects
    the whole batch.
    """

    device_id: int
    times: Times
    columns: tuple[Column, ...]
    atomic: bool = False

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self.times.nbytes + sum(column.size for column in self.columns)

    @property
    def values(self) -> int:
        """Number of values in all columns."""
        return sum(column.present for column in self.columns)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows index .. index+count-1 of one measurement (empty: all measurements) that were not stored, and the reason."""

    index: int
    count: int
    measurement: str
    reason: str
    message: str
    retryable: bool = False


def rows_of(batch: Batch, first: int, end: int) -> Batch:
    """Rows first .. end-1, with the columns that have a value in them; there may be none.

    A part is a copy, because it may live much longer than the rest.
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
