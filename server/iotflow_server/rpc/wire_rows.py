"""Rows of JSON: readings into columns, columns into rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.struct_bytes import rows_field
from iotflow_server.rpc.wire_values import EXACT, plain, plain_number
from iotflow_server.telemetry import checks
from iotflow_server.telemetry.batch import Batch, Rejection, Times, ValueType
from iotflow_server.telemetry.sparse import Cells

# Values up to which a call for each costs less than numpy's calls for each column.
FEW = 250


class RowDecoder:
    """Gathers readings row by row, into cells; what cannot be stored becomes a rejection."""

    def __init__(self, limits: checks.Limits) -> None:
        self._limits = limits
        self.cells: Cells = {}
        self.rejections: list[Rejection] = []

    def add(self, row: int, data: Struct, metadata: Struct) -> None:
        """Take the values of one reading: data as they are, metadata as text named meta_<key>."""
        fields = data.fields
        if not fields:
            self._reject(row, "", "EMPTY_DATA", "data holds no value")
            return
        if len(fields) + len(metadata.fields) > self._limits.columns:
            self._reject(row, "", "TOO_MANY_MEASUREMENTS", f"a reading has at most {self._limits.columns} values")
            return
        said = [self._add_value(row, name, value, as_text=False) for name, value in fields.items()]
        if not any(said):
            self._reject(row, "", "EMPTY_DATA", "data holds no value, only null")
            return
        for name, value in metadata.fields.items():
            if f"meta_{name}" in fields:
                self._reject(row, f"meta_{name}", "DUPLICATE_NAME", "the same name stands in data and metadata")
            else:
                self._add_value(row, f"meta_{name}", value, as_text=True)

    def _add_value(self, row: int, name: str, value: Value, *, as_text: bool) -> bool:
        """Whether there was a value, stored or rejected."""
        if problem := checks.name_problem(name):
            return self._reject(row, name, "INVALID_NAME", problem)
        try:
            typed = _text_cell(value, name) if as_text else _cell(value, name)
        except InvalidArgument as refusal:
            return self._reject(row, name, "INVALID_VALUE", refusal.violations[0][1])
        if typed is None:
            return False
        type_, content = typed
        if type_ is ValueType.TEXT and (problem := checks.text_problem(content, self._limits)):
            return self._reject(row, name, "INVALID_TEXT", problem)
        cell = self.cells.get((name, type_))
        if cell is None:
            # More than a device may have are not even gathered.
            if len(self.cells) >= self._limits.names:
                return self._reject(row, name, "TOO_MANY_NAMES", checks.too_many_names(name, self._limits.names))
            cell = self.cells[name, type_] = ([], [])
        cell[0].append(row)
        cell[1].append(content)
        return True

    def _reject(self, row: int, name: str, reason: str, message: str) -> bool:
        self.rejections.append(Rejection(row, 1, name, reason, message))
        return True


def _cell(value: Value, name: str) -> tuple[ValueType, Any] | None:
    match value.WhichOneof("kind"):
        case "number_value":
            plain_number(value.number_value, name)
            return ValueType.DOUBLE, value.number_value
        case "bool_value":
            return ValueType.BOOLEAN, value.bool_value
        case "string_value":
            return ValueType.TEXT, value.string_value
        case "struct_value" | "list_value":
            return ValueType.TEXT, orjson.dumps(plain(value, name)).decode()
    return None


def _text_cell(value: Value, name: str) -> tuple[ValueType, str] | None:
    content = plain(value, name)
    if content is None:
        return None
    return ValueType.TEXT, content if isinstance(content, str) else orjson.dumps(content).decode()


def time_texts(times: Times) -> list[str]:
    """RFC 3339 in UTC, with milliseconds."""
    texts: list[str] = np.char.add(np.datetime_as_string(times.astype("datetime64[ms]")), "Z").tolist()
    return texts


def rows_bytes(message: type[Message], field: str, batch: Batch) -> bytes:
    """The batch's rows as a field `repeated Struct` of such a message, as they travel."""
    return rows_field(batch, message.DESCRIPTOR.fields_by_name[field].number)


def add_rows(message: Message, field: str, batch: Batch) -> None:
    """Append the batch's rows to a field `repeated Struct` of the message."""
    if batch.values < FEW:
        getattr(message, field).extend(encode_rows(batch))
    else:
        message.MergeFromString(rows_field(batch, message.DESCRIPTOR.fields_by_name[field].number))


def encode_rows(batch: Batch) -> list[Struct]:
    """One object a row: timestamp, and each measurement that has a value there."""
    structs = []
    for time in time_texts(batch.times):
        struct = Struct()
        struct.fields["timestamp"].string_value = time
        structs.append(struct)
    for column in batch.columns:
        rows: Sequence[int] = range(len(structs)) if column.valid is None else np.flatnonzero(column.valid).tolist()
        values = column.values if column.valid is None else column.values[column.valid]
        put = _setter(column.type)
        if column.type is ValueType.FLOAT:
            # The shortest digits that mean this float: 0.1, not 0.10000000149011612.
            values = values.astype(str).astype(np.float64)
        for row, value in zip(rows, values.tolist(), strict=True):
            put(structs[row].fields[column.measurement], value)
    return structs


def _setter(type_: ValueType) -> Any:
    if type_ is ValueType.TEXT:
        return _put_text
    if type_ is ValueType.BOOLEAN:
        return _put_bool
    return _put_whole if type_ is ValueType.INT64 else _put_number


def _put_text(value: Value, content: str) -> None:
    value.string_value = content


def _put_bool(value: Value, content: bool) -> None:
    value.bool_value = content


def _put_number(value: Value, content: float) -> None:
    value.number_value = content


def _put_whole(value: Value, content: int) -> None:
    # JSON's reader would round it; a string keeps every digit.
    if abs(content) > EXACT:
        value.string_value = str(content)
    else:
        value.number_value = content


def put_value(value: Value, type_: ValueType, content: Any) -> None:
    """One value of a measurement, as answers show it."""
    if type_ is ValueType.FLOAT:
        content = float(str(np.float32(content)))
    _setter(type_)(value, content)
