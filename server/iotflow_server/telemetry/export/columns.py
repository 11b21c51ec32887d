"""The columns of an export: settled from the devices' measurements before the first row, and filled from batches."""

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
# Two types that a third (or one of them) holds without loss; a whole number of 64 bits fits no floating-point type.
_COMMON = {
    frozenset({ValueType.INT32, ValueType.INT64}): ValueType.INT64,
    frozenset({ValueType.INT32, ValueType.FLOAT}): ValueType.DOUBLE,
    frozenset({ValueType.INT32, ValueType.DOUBLE}): ValueType.DOUBLE,
    frozenset({ValueType.FLOAT, ValueType.DOUBLE}): ValueType.DOUBLE,
}


def common_type(one: ValueType, other: ValueType) -> ValueType:
    """The type that holds every value of both without loss; TEXT where no other does."""
    return one if one is other else _COMMON.get(frozenset({one, other}), ValueType.TEXT)


def title(measurement: str) -> str:
    """The name of a measurement's column. A colon stands in no measurement's name, so this one collides with none."""
    return f"measurement:{measurement}" if measurement in _TAKEN else measurement


def join(types: dict[str, ValueType], device: Mapping[str, ValueType]) -> None:
    """Widen the types found so far, by measurement, so that they hold a further device's too."""
    for name, type_ in device.items():
        types[name] = common_type(types.get(name, type_), type_)


class Columns:
    """device_id, device_name and timestamp, then a column a measurement: those asked for in that order, or all by name.

    schema: the table's.
    """

    def __init__(self, types: Mapping[str, ValueType], asked: Sequence[str] | None = None) -> None:
        wanted = sorted(types) if asked is None else asked
        self._types = {name: types[name] for name in wanted if name in types}
        measured = ((title(name), ARROW_TYPES[type_]) for name, type_ in self._types.items())
        self.schema = pa.schema([*HEAD, *measured])

    @property
    def hold_text(self) -> bool:
        """Whether a cell may be long."""
        return ValueType.TEXT in self._types.values()

    def rows(self, device: Device, batch: Batch) -> pa.RecordBatch:
        """The batch's rows as rows of the table, in their order.

        A measurement whose first value was stored after the columns were settled is left out if it does not fit them.
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
