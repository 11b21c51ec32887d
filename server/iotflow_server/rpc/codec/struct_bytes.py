"""Rows of a batch as serialized google.protobuf.Struct messages, column by column.

Building one Struct per row and one Value per cell takes a Python call for each of them. Here, numpy writes whole columns of
cells into the bytes of the response. Struct is map<string, Value> fields = 1.
"""

from typing import Any

import numpy as np
from google.protobuf.struct_pb2 import Value
from numpy.typing import NDArray

from iotflow.readings.document import EXACT
from iotflow_server.telemetry.batch import Batch, Column, Times, ValueType
from iotflow_server.wire_format import LENGTH_DELIMITED, tag, varint

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

# Tags: map entry and key are field 1, the entry's value field 2, all length-delimited; then Value's own fields.
_ENTRY, _KEY, _VALUE = 0x0A, 0x0A, 0x12
_NUMBER, _STRING, _BOOL = 0x11, 0x1A, 0x20


def rows_field(batch: Batch, field_number: int) -> bytes:
    """Serialize the rows of the batch as a field `repeated google.protobuf.Struct` with this number.

    Each row has `timestamp` (RFC 3339, milliseconds) and the measurements that have a value in the row. Whole numbers beyond
    2^53 become strings, which keep every digit. The bytes can be merged into a message.
    """
    cells = [_time_cells(batch.times), *(_cells(column) for column in batch.columns)]
    lengths = np.zeros(len(batch.times), np.int64)
    for rows, matrix in cells:
        lengths[rows] += _lengths(matrix)
    out, offsets = _framed(lengths, tag(field_number, LENGTH_DELIMITED))
    for rows, matrix in cells:
        _put(out, offsets, rows, matrix)
    return out.tobytes()


def _lengths(matrix: Bytes | list[bytes]) -> int | Offsets:
    return matrix.shape[1] if isinstance(matrix, np.ndarray) else np.array([len(cell) for cell in matrix], np.int64)


def _framed(lengths: Offsets, tag: int) -> tuple[Bytes, Offsets]:
    """A buffer with the tag and the length of every row, and the offset of the content of each row."""
    groups = np.ones(len(lengths), np.int64)
    for step in range(1, 5):
        groups += lengths >= 1 << 7 * step
    sizes = 1 + groups + lengths
    ends = np.cumsum(sizes)
    out = np.empty(int(ends[-1]), np.uint8)
    starts = ends - sizes
    out[starts] = tag
    for step in range(int(groups.max())):
        selected = groups > step
        continuation = np.where(groups[selected] > step + 1, 0x80, 0)
        out[starts[selected] + 1 + step] = (lengths[selected] >> 7 * step & 0x7F) | continuation
    return out, starts + 1 + groups


def _put(out: Bytes, offsets: Offsets, rows: Any, matrix: Bytes | list[bytes]) -> None:
    """Write the cells of a column at the offsets of their rows, and advance the offsets."""
    if isinstance(matrix, np.ndarray):
        size = matrix.shape[1]
        out[offsets[rows][:, None] + np.arange(size)] = matrix
        offsets[rows] += size
        return
    for row, cell in zip(rows.tolist(), matrix, strict=True):
        offset = offsets[row]
        out[offset : offset + len(cell)] = np.frombuffer(cell, np.uint8)
        offsets[row] += len(cell)


def _time_cells(times: Times) -> tuple[Offsets, Bytes]:
    texts = np.char.add(np.datetime_as_string(times.astype("datetime64[ms]")), "Z").astype("S24")
    payload = texts.view(np.uint8).reshape(len(times), 24)
    return np.arange(len(times)), _fixed("timestamp", bytes((_STRING, 24)), payload)


def _cells(column: Column) -> tuple[Offsets, Bytes | list[bytes]]:
    """The rows that have a value, and their cells: as one array if all cells have the same length, otherwise as a list."""
    rows = np.arange(len(column.values)) if column.valid is None else np.flatnonzero(column.valid)
    values = column.values[rows]
    name = column.measurement
    if column.type is ValueType.BOOLEAN:
        return rows, _fixed(name, bytes((_BOOL,)), values.view(np.uint8).reshape(-1, 1))
    if column.type is ValueType.TEXT:
        return rows, [_text(name, text) for text in values]
    if column.type is ValueType.INT64 and len(values) and max(-int(values.min()), int(values.max())) > EXACT:
        return rows, [_whole(name, value) for value in values.tolist()]
    if column.type is ValueType.FLOAT:
        # The shortest decimal number that identifies this float: 0.1, not 0.10000000149011612.
        values = values.astype(str)
    payload = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    return rows, _fixed(name, bytes((_NUMBER,)), payload)


def _fixed(name: str, head: bytes, payload: Bytes) -> Bytes:
    """Cells of the same length. head: the bytes of the Value before its payload. payload: an array of shape (cells, bytes)."""
    prefix = np.frombuffer(_entry_prefix(name, len(head) + payload.shape[1]) + head, np.uint8)
    return np.concatenate([np.broadcast_to(prefix, (len(payload), len(prefix))), payload], axis=1)


def _entry_prefix(name: str, value_length: int) -> bytes:
    """The bytes of a map entry that precede the bytes of its value."""
    key = name.encode()
    inner = bytes((_KEY,)) + varint(len(key)) + key + bytes((_VALUE,)) + varint(value_length)
    return bytes((_ENTRY,)) + varint(len(inner) + value_length) + inner


def _text(name: str, text: str) -> bytes:
    content = Value(string_value=text).SerializeToString()
    return _entry_prefix(name, len(content)) + content


def _whole(name: str, number: int) -> bytes:
    if abs(number) > EXACT:
        return _text(name, str(number))
    content = Value(number_value=number).SerializeToString()
    return _entry_prefix(name, len(content)) + content
