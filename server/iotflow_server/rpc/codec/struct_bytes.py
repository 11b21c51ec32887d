"""Rows of a batch as serialized google.protobuf.Struct messages, column by column.

A Struct a row and a Value a cell cost a Python call for each of them; here numpy writes whole columns of cells into the
bytes of the answer. Wire format: protobuf.dev/programming-guides/encoding; Struct is map<string, Value> fields = 1.
"""

from typing import Any

import numpy as np
from google.protobuf.struct_pb2 import Value
from numpy.typing import NDArray

from iotflow.readings.document import EXACT
from iotflow_server.telemetry.batch import Batch, Column, Times, ValueType

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

LENGTH_DELIMITED = 2
# Tags: map entry and key are field 1, the entry's value field 2, all length-delimited; then Value's own fields.
_ENTRY, _KEY, _VALUE = 0x0A, 0x0A, 0x12
_NUMBER, _STRING, _BOOL = 0x11, 0x1A, 0x20


def rows_field(batch: Batch, field_number: int) -> bytes:
    """The batch's rows as a field `repeated google.protobuf.Struct` of that number, to be merged into a message.

    Each row has `timestamp` (RFC 3339, milliseconds) and the measurements that have a value there. Whole numbers beyond 2^53
    become strings, which keep every digit.
    """
    cells = [_time_cells(batch.times), *(_cells(column) for column in batch.columns)]
    lengths = np.zeros(len(batch.times), np.int64)
    for rows, matrix in cells:
        lengths[rows] += _lengths(matrix)
    out, places = _framed(lengths, field_number << 3 | LENGTH_DELIMITED)
    for rows, matrix in cells:
        _put(out, places, rows, matrix)
    return out.tobytes()


def _lengths(matrix: Bytes | list[bytes]) -> int | Places:
    return matrix.shape[1] if isinstance(matrix, np.ndarray) else np.array([len(cell) for cell in matrix], np.int64)


def _framed(lengths: Places, tag: int) -> tuple[Bytes, Places]:
    """Room for every row behind its tag and length, and where each row's content begins."""
    groups = np.ones(len(lengths), np.int64)
    for step in range(1, 5):
        groups += lengths >= 1 << 7 * step
    sizes = 1 + groups + lengths
    ends = np.cumsum(sizes)
    out = np.empty(int(ends[-1]), np.uint8)
    starts = ends - sizes
    out[starts] = tag
    for step in range(int(groups.max())):
        with_it = groups > step
        more = np.where(groups[with_it] > step + 1, 0x80, 0)
        out[starts[with_it] + 1 + step] = (lengths[with_it] >> 7 * step & 0x7F) | more
    return out, starts + 1 + groups


def _put(out: Bytes, places: Places, rows: Any, matrix: Bytes | list[bytes]) -> None:
    """Write a column's cells where their rows have got to, and move these on."""
    if isinstance(matrix, np.ndarray):
        size = matrix.shape[1]
        out[places[rows][:, None] + np.arange(size)] = matrix
        places[rows] += size
        return
    for row, cell in zip(rows.tolist(), matrix, strict=True):
        place = places[row]
        out[place : place + len(cell)] = np.frombuffer(cell, np.uint8)
        places[row] += len(cell)


def _time_cells(times: Times) -> tuple[Places, Bytes]:
    texts = np.char.add(np.datetime_as_string(times.astype("datetime64[ms]")), "Z").astype("S24")
    payload = texts.view(np.uint8).reshape(len(times), 24)
    return np.arange(len(times)), _fixed("timestamp", bytes((_STRING, 24)), payload)


def _cells(column: Column) -> tuple[Places, Bytes | list[bytes]]:
    """Which rows have a value, and their cells: equally long, or one by one where they are not."""
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
        # The shortest digits that mean this float: 0.1, not 0.10000000149011612.
        values = values.astype(str)
    payload = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    return rows, _fixed(name, bytes((_NUMBER,)), payload)


def _fixed(name: str, head: bytes, payload: Bytes) -> Bytes:
    """Cells of one length. head: the Value's bytes before its payload; payload: shape (cells, bytes)."""
    before = np.frombuffer(_before(name, len(head) + payload.shape[1]) + head, np.uint8)
    return np.concatenate([np.broadcast_to(before, (len(payload), len(before))), payload], axis=1)


def _before(name: str, value_length: int) -> bytes:
    """A map entry up to where its value's bytes begin."""
    key = name.encode()
    inner = bytes((_KEY,)) + varint(len(key)) + key + bytes((_VALUE,)) + varint(value_length)
    return bytes((_ENTRY,)) + varint(len(inner) + value_length) + inner


def _text(name: str, text: str) -> bytes:
    content = Value(string_value=text).SerializeToString()
    return _before(name, len(content)) + content


def _whole(name: str, number: int) -> bytes:
    if abs(number) > EXACT:
        return _text(name, str(number))
    content = Value(number_value=number).SerializeToString()
    return _before(name, len(content)) + content


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
