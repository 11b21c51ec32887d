"""Newest values as bytes, as the scripts of entries.py read them: for each measurement the length of its name, the name, the
length of the rest, and as the rest the type's number, the time as a double, and the value."""

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
# What a store may have taken must get through.
_TEXT = ("utf-8", "surrogatepass")


def encode(values: Iterable[Latest]) -> bytes | None:
    """None: there is a time that a double does not hold."""
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
    """What encode made into bytes."""
    return tuple(_decoded(fields))


def _decoded(fields: bytes) -> Iterator[Latest]:
    place = 0
    while place < len(fields):
        (length,) = _NAME.unpack_from(fields, place)
        name = fields[place + 2 : place + 2 + length].decode(*_TEXT)
        place += 2 + length
        (length,) = _LENGTH.unpack_from(fields, place)
        number, time = _HEAD.unpack_from(fields, place + 4)
        value = fields[place + 4 + _HEAD.size : place + 4 + length]
        place += 4 + length
        yield Latest(int(time), Column(name, _TYPES[number], _value(value, _TYPES[number])))


def _plain(column: Column) -> bytes:
    if column.type is not ValueType.TEXT:
        return column.values.tobytes()
    text: str = column.values[0]
    return text.encode(*_TEXT)


def _value(plain: bytes, value_type: ValueType) -> Values:
    """shape (1,)."""
    if value_type is ValueType.TEXT:
        return np.array([plain.decode(*_TEXT)], object)
    return np.frombuffer(plain, value_type.dtype)
