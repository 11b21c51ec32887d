"""Tablets, the form in which IoTDB accepts columns of a device, and the request that carries them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow_server.telemetry.batch import Column, Mask, Times, ValueType
from iotflow_server.telemetry.stores.iotdb.schema import CODES, WIRE, quoted

_INT32 = Struct(">i")
_length = _INT32.pack
Part = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Tablets:
    """Tablets as the parts of a request, in which those of each list follow each other.

    names, codes: each with their number. values, times: those of each tablet with their size in bytes.
    """

    number: int
    devices: list[str]
    names: list[bytes]
    values: list[Part]
    times: list[Part]
    codes: list[bytes]
    rows: bytes


@dataclass(frozen=True, slots=True)
class Tablet:
    """Rows of one aligned device in wire format; values share the memory of the columns where possible.

    names: each prefixed with its length. values: parts of one byte array.
    """

    device: str
    names: list[bytes]
    codes: list[int]
    times: Part
    values: list[Part]
    rows: int

    def parts(self) -> Tablets:
        """The parts of a request."""
        return Tablets(
            1,
            [self.device],
            [_LIST.pack(_STRING, len(self.names)), *self.names],
            [_length(sum(map(len, self.values))), *self.values],
            [_length(len(self.times)), self.times],
            [_LIST.pack(_I32, len(self.codes)), *map(_length, self.codes)],
            _length(self.rows),
        )


def tablet(device: str, times: Times, columns: Sequence[Column]) -> Tablet:
    """Encode a tablet. times: shape (rows,), ascending and distinct; each column has a row for each of them."""
    # Adjacent columns of one type, the common case, are converted to the byte order of IoTDB by one call.
    values = [_values(kind, list(alike)) for kind, alike in groupby(columns, attrgetter("type"))]
    values += [part for column in columns for part in _nulls(column.valid)]
    names = [_name(column.measurement) for column in columns]
    codes = [CODES[column.type] for column in columns]
    return Tablet(device, names, codes, _raw(times.astype(">i8")), values, len(times))


@lru_cache(maxsize=65_536)
def _name(measurement: str) -> bytes:
    encoded = quoted(measurement).encode()
    return _length(len(encoded)) + encoded


def _values(kind: ValueType, columns: Sequence[Column]) -> Part:
    if kind is ValueType.TEXT:
        return b"".join([part for column in columns for part in _texts(column)])
    return _raw(np.concatenate([column.values for column in columns], dtype=WIRE[kind], casting="unsafe"))


def _texts(column: Column) -> Iterator[bytes]:
    texts = column.values if column.valid is None else np.where(column.valid, column.values, "")
    for text in texts:
        encoded = text.encode()
        yield _length(len(encoded))
        yield encoded


def _raw(values: NDArray[Any]) -> memoryview:
    return values.view(np.uint8).data


def _nulls(valid: Mask | None) -> Iterator[Part]:
    if valid is None:
        yield b"\0"
        return
    # If the number of rows is a multiple of eight, IoTDB reads one more byte than needed.
    bits = np.packbits(~valid, bitorder="little").tobytes()
    yield b"\1"
    yield bits.ljust(len(valid) // 8 + 1, b"\0")


# Call of insertTablets (version 1, type 1), with one argument, a struct.
_CALL = _INT32.pack(-0x7FFEFFFF) + _INT32.pack(len("insertTablets")) + b"insertTablets"
_ARGUMENT = b"\x0c\x00\x01"
_SESSION = Struct(">bhq")
_FIELD = Struct(">bh")
_LIST = Struct(">bi")
_BOOL, _I32, _I64, _STRING, _LISTS = 2, 8, 10, 11, 15
_ALIGNED_AND_ENDS = _FIELD.pack(_BOOL, 8) + b"\x01\x00\x00"


def insert_request(session_id: int, tablets: Sequence[Tablet | Tablets], number: int) -> bytes:
    """Encode a framed TSInsertTabletsReq of aligned tablets. number: of the call, repeated in the response.

    Written by hand in Thrift's binary protocol: the generated client copies the values five times, a third of the cost of a
    large batch, instead of once.
    """
    together = [one if isinstance(one, Tablets) else one.parts() for one in tablets]
    count = sum(one.number for one in together)
    parts: list[Part] = [_CALL, _INT32.pack(number), _ARGUMENT, _SESSION.pack(_I64, 1, session_id)]
    parts += _list_of(2, _STRING, count)
    parts += [_text(device) for one in together for device in one.devices]
    parts += _list_of(3, _LISTS, count)
    parts += [part for one in together for part in one.names]
    parts += _list_of(4, _STRING, count)
    parts += [part for one in together for part in one.values]
    parts += _list_of(5, _STRING, count)
    parts += [part for one in together for part in one.times]
    parts += _list_of(6, _LISTS, count)
    parts += [part for one in together for part in one.codes]
    parts += _list_of(7, _I32, count)
    parts += [one.rows for one in together]
    parts.append(_ALIGNED_AND_ENDS)
    return b"".join([_INT32.pack(sum(map(len, parts))), *parts])


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _INT32.pack(len(encoded)) + encoded


def _list_of(field: int, kind: int, size: int) -> tuple[bytes, bytes]:
    return _FIELD.pack(_LISTS, field), _LIST.pack(kind, size)
