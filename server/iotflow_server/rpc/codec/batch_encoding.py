"""Encoding of batches for readers: as columns, and as rows with one object for each row."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from iotflow.readings.document import EXACT
from iotflow.v1 import telemetry_pb2
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.interceptors.serialization import Encoded
from iotflow_server.rpc.codec.batch_decoding import FIELD_TYPES
from iotflow_server.rpc.codec.struct_bytes import rows_field
from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, ValueType

# Batches with fewer values are encoded value by value, which is faster than the numpy calls for each column.
SMALL_BATCH = 250
# Characters of a measurement name or a message in a response.
MOST_TEXT = 1_000

Response = TypeVar("Response", bound=Message)
TYPE_FIELDS = {type_: field for field, type_ in FIELD_TYPES.items()}


def encode(batch: Batch) -> telemetry_pb2.TelemetryBatch:
    """Encode a batch for readers. Its sequence is 0."""
    message = telemetry_pb2.TelemetryBatch(device_id=batch.device_id, timestamps=batch.times.tolist())
    for column in batch.columns:
        message.columns.append(_encoded(column))
    return message


def _encoded(column: Column) -> telemetry_pb2.Column:
    wire = telemetry_pb2.Column(measurement=column.measurement)
    values = column.values
    if column.valid is not None:
        wire.validity = np.packbits(column.valid, bitorder="little").tobytes()
        values = values.copy()
        values[~column.valid] = "" if column.type is ValueType.TEXT else 0
    getattr(wire, TYPE_FIELDS[column.type]).extend(values.tolist())
    return wire


def rejection(item: Rejection, sequence: int = 0) -> telemetry_pb2.Rejection:
    """Encode a rejection."""
    return telemetry_pb2.Rejection(
        sequence=sequence,
        index=item.index,
        count=item.count,
        measurement=item.measurement[:MOST_TEXT],
        reason=item.reason,
        message=item.message[:MOST_TEXT],
        retryable=item.retryable,
    )


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


async def encode_in_thread(head: Response, rest: Iterable[bytes]) -> Response:
    """Serialize a response in the compute thread.

    rest: serialized fields that are appended to the head. Each item takes a few milliseconds, and other threads run between
    items. The result replaces the message (see Encoded).
    """
    content = await run_in_compute_thread(lambda: b"".join([head.SerializeToString(), *rest]))
    return cast(Response, Encoded(content))
