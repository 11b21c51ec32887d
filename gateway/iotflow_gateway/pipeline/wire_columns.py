"""Rows in their wire form: columns of a TelemetryBatch."""

from collections.abc import Sequence
from typing import Any

from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch
from iotflow_gateway.pipeline.shapes import Shape

Value = float | int | bool | str
# The values of a reading, in the order of its shape.
Row = tuple[Value, ...]

_FIELDS = {float: "doubles", int: "int64s", bool: "bools", str: "strings"}
_PLACEHOLDERS: dict[type, Value] = {float: 0.0, int: 0, bool: False, str: ""}


def add_columns(batch: TelemetryBatch, rows: Sequence[Row], shapes: Sequence[Shape]) -> None:
    """Add the columns of these rows, each of which has a shape. A measurement has one type in all of them."""
    if len(set(map(id, shapes))) == 1:
        for (name, kind), values in zip(shapes[0].items(), zip(*rows, strict=True), strict=True):
            _fill(batch.columns.add(measurement=name), kind, values)
    else:
        _add_sparse(batch, rows, shapes)


def _add_sparse(batch: TelemetryBatch, rows: Sequence[Row], shapes: Sequence[Shape]) -> None:
    """Add the columns of rows that have different measurements."""
    # By measurement: its type, the rows that have a value, and the values.
    columns: dict[str, tuple[type, list[int], list[Value]]] = {}
    for number, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
        for (name, kind), value in zip(shape.items(), row, strict=True):
            cells = columns.get(name)
            if cells is None:
                columns[name] = (kind, [number], [value])
            else:
                cells[1].append(number)
                cells[2].append(value)
    for name, (kind, numbers, values) in columns.items():
        column = batch.columns.add(measurement=name)
        _fill(column, kind, values if len(values) == len(rows) else _spread(column, kind, numbers, values, len(rows)))


def _spread(column: Column, kind: type, numbers: list[int], values: list[Value], size: int) -> list[Value]:
    """The values with a placeholder in each row without one. Sets the column's validity."""
    dense = [_PLACEHOLDERS[kind]] * size
    validity = bytearray((size + 7) // 8)
    for number, value in zip(numbers, values, strict=True):
        dense[number] = value
        validity[number >> 3] |= 1 << (number & 7)
    column.validity = bytes(validity)
    return dense


def _fill(column: Column, kind: type, values: Sequence[Any]) -> None:
    getattr(column, _FIELDS[kind]).extend(values)
