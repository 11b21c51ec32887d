"""Encoding of columns as rows, one object for each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from iotflow.readings.document import EXACT
from iotflow_server.rpc.codec.struct_bytes import rows_field
from iotflow_server.telemetry.batch import Batch, Times, ValueType

# Batches with fewer values are encoded value by value, which is faster than the numpy calls for each column.
SMALL_BATCH = 250


def time_texts(times: Times) -> list[str]:
    """The times as RFC 3339 texts in UTC, with milliseconds."""
    texts: list[str] = np.char.add(np.datetime_as_string(times.astype("datetime64[ms]")), "Z").tolist()
    return texts


def rows_bytes(message: type[Message], field: str, batch: Batch) -> bytes:
    """Serialize the rows of the batch as a field `repeated Struct` of this message type."""
    return rows_field(batch, message.DESCRIPTOR.fields_by_name[field].number)


def add_rows(message: Message, field: str, batch: Batch) -> None:
    """Append the rows of the batch to a field `repeated Struct` of the message."""
    if batch.values < SMALL_BATCH:
        getattr(message, field).extend(encode_rows(batch))
    else:
        message.MergeFromString(rows_field(batch, message.DESCRIPTOR.fields_by_name[field].number))


def encode_rows(batch: Batch) -> list[Struct]:
    """Encode each row as an object with `timestamp` and the measurements that have a value in the row."""
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
            # The shortest decimal number that identifies this float: 0.1, not 0.10000000149011612.
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
    # A JSON parser would round the number. A string keeps every digit.
    if abs(content) > EXACT:
        value.string_value = str(content)
    else:
        value.number_value = content


def put_value(value: Value, type_: ValueType, content: Any) -> None:
    """Set one value of a measurement, as responses show it."""
    if type_ is ValueType.FLOAT:
        content = float(str(np.float32(content)))
    _setter(type_)(value, content)
