"""The columns of an export: determined from the measurements of the devices, and filled from batches."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Column, ValueType

ARROW_TYPES: dict[ValueType, pa.DataType] = {
    ValueType.DOUBLE: pa.float64(),
    ValueType.FLOAT: pa.float32(),
    ValueType.INT64: pa.int64(),
    ValueType.INT32: pa.int32(),
    ValueType.BOOLEAN: pa.bool_(),
    ValueType.TEXT: pa.string(),
}
HEAD = (("device_id", pa.int32()), ("device_name", pa.string()), ("timestamp", pa.timestamp("ms", "UTC")))
_TAKEN = frozenset(name for name, _ in HEAD)
# Pairs of types that a third type (or one of them) holds without loss; no floating-point type holds every INT64.
_COMMON = {
    frozenset({ValueType.INT32, ValueType.INT64}): ValueType.INT64,
    frozenset({ValueType.INT32, ValueType.FLOAT}): ValueType.DOUBLE,
    frozenset({ValueType.INT32, ValueType.DOUBLE}): ValueType.DOUBLE,
    frozenset({ValueType.FLOAT, ValueType.DOUBLE}): ValueType.DOUBLE,
}


def common_type(one: ValueType, other: ValueType) -> ValueType:
    """The type that holds every value of both without loss; TEXT if no other does."""
    return one if one is other else _COMMON.get(frozenset({one, other}), ValueType.TEXT)


def column_name(measurement: str) -> str:
    """The name of the column of a measurement. No measurement has a colon in its name, so the prefixed name is unique."""
    return f"measurement:{measurement}" if measurement in _TAKEN else measurement


def widen(types: dict[str, ValueType], device: Mapping[str, ValueType]) -> None:
    """Widen the types, by measurement, to hold the values of another device too."""
    for name, type_ in device.items():
        types[name] = common_type(types.get(name, type_), type_)


class Columns:
    """device_id, device_name and timestamp, then one column per measurement: the requested ones in that order, or all by
    name."""

    def __init__(self, types: Mapping[str, ValueType], requested: Sequence[str] | None = None) -> None:
        wanted = sorted(types) if requested is None else requested
        self._types = {name: types[name] for name in wanted if name in types}
        measured = ((column_name(name), ARROW_TYPES[type_]) for name, type_ in self._types.items())
        self.schema = pa.schema([*HEAD, *measured])

    @property
    def hold_text(self) -> bool:
        """Whether there are text columns, whose cells may be long."""
        return ValueType.TEXT in self._types.values()

    def rows(self, device: Device, batch: Batch) -> pa.RecordBatch:
        """The rows of the batch as rows of the table, in the same order.

        A measurement that was first stored after the columns were determined is left out if it does not fit them.
        """
        found = {column.measurement: column for column in batch.columns}
        count = len(batch.times)
        head = (
            pa.repeat(pa.scalar(device.id, pa.int32()), count),
            pa.repeat(pa.scalar(device.name, pa.string()), count),
            pa.array(batch.times).cast(HEAD[2][1]),
        )
        measured = (_array(found.get(name), type_, count) for name, type_ in self._types.items())
        return pa.RecordBatch.from_arrays([*head, *measured], schema=self.schema)


def _array(column: Column | None, target: ValueType, count: int) -> pa.Array:
    if column is None or common_type(column.type, target) is not target:
        return pa.nulls(count, ARROW_TYPES[target])
    missing = None if column.valid is None else np.logical_not(column.valid)
    values = pa.array(column.values, ARROW_TYPES[column.type], mask=missing)
    return values if column.type is target else values.cast(ARROW_TYPES[target])
