"""Values by measurement, as they are joined and as they travel."""

from collections.abc import Iterator, Mapping

from iotflow.v1.telemetry_pb2 import Column

Value = float | int | bool | str
# Of a measurement the one type that all its values have, their rows, and them.
Cells = tuple[type, list[int], list[Value]]

FIELDS = {float: "doubles", int: "int64s", bool: "bools", str: "strings"}
PLACEHOLDERS: dict[type, Value] = {float: 0.0, int: 0, bool: False, str: ""}


def wire_columns(columns: Mapping[str, Cells], size: int) -> Iterator[Column]:
    """As they travel. size: how many rows there are."""
    return (_column(name, *cells, size) for name, cells in columns.items())


def _column(name: str, kind: type, rows: list[int], values: list[Value], size: int) -> Column:
    column = Column(measurement=name)
    if len(rows) < size:
        dense = [PLACEHOLDERS[kind]] * size
        validity = bytearray((size + 7) // 8)
        for row, value in zip(rows, values, strict=True):
            dense[row] = value
            validity[row >> 3] |= 1 << (row & 7)
        column.validity, values = bytes(validity), dense
    getattr(column, FIELDS[kind]).extend(values)
    return column
