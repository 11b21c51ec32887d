"""Encoding of newest values for the scripts of entries.py. Per measurement: length of the name, name, length of the rest;
number of the type, time as a double, value."""

import struct
from collections.abc import Iterable, Iterator

import numpy as np

from iotflow.readings import EXACT
from iotflow_server.telemetry.batch import Column, Values, ValueType
from iotflow_server.telemetry.ports import Latest

_NAME, _LENGTH = struct.Struct("<H"), struct.Struct("<I")
_HEAD = struct.Struct("<Bd")
_TYPES = tuple(ValueType)
_NUMBERS = {value_type: number for number, value_type in enumerate(_TYPES)}
# Lone surrogates must survive: a store may have accepted them.
_TEXT = ("utf-8", "surrogatepass")


def encode(values: Iterable[Latest]) -> bytes | None:
    """Encode values; None if a double cannot hold one of the times."""
    parts: list[bytes] = []
    for latest in values:
        # Lua has doubles only.
        if abs(latest.time) > EXACT:
            return None
        column = latest.column
        name, value = column.measurement.encode(*_TEXT), _plain(column)
        head = _HEAD.pack(_NUMBERS[column.type], latest.time)
        parts += (_NAME.pack(len(name)), name, _LENGTH.pack(len(head) + len(value)), head, value)
    return b"".join(parts)


def decode(fields: bytes) -> tuple[Latest, ...]:
    """Decode the result of encode."""
    return tuple(_decoded(fields))


def _decoded(fields: bytes) -> Iterator[Latest]:
    offset = 0
    while offset < len(fields):
        (length,) = _NAME.unpack_from(fields, offset)
        name = fields[offset + 2 : offset + 2 + length].decode(*_TEXT)
        offset += 2 + length
        (length,) = _LENGTH.unpack_from(fields, offset)
        number, time = _HEAD.unpack_from(fields, offset + 4)
        value = fields[offset + 4 + _HEAD.size : offset + 4 + length]
        offset += 4 + length
        yield Latest(int(time), Column(name, _TYPES[number], _value(value, _TYPES[number])))


def _plain(column: Column) -> bytes:
    if column.type is not ValueType.TEXT:
        return column.values.tobytes()
    text: str = column.values[0]
    return text.encode(*_TEXT)


def _value(plain: bytes, value_type: ValueType) -> Values:
    """Shape (1,)."""
    if value_type is ValueType.TEXT:
        return np.array([plain.decode(*_TEXT)], object)
    return np.frombuffer(plain, value_type.dtype)
