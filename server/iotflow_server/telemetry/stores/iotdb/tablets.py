"""Columns of one device in the form that IoTDB takes them in."""

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
from iotflow_server.telemetry.stores.iotdb.names import quoted
from iotflow_server.telemetry.stores.iotdb.types import CODES, WIRE

_length = Struct(">i").pack
Part = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Tablet:
    """Rows of one aligned device, as on the wire; values share the columns' memory where they can.

    names: each with its length before it. values: the parts of one array of bytes.
    """

    device: str
    names: list[bytes]
    codes: list[int]
    times: Part
    values: list[Part]
    rows: int


def tablet(device: str, times: Times, columns: Sequence[Column]) -> Tablet:
    """times: shape (rows,), rising and distinct; each column has a row for each of them."""
    # Neighbours of one type, as a device mostly has them, are turned into IoTDB's order of bytes by one call.
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
    # IoTDB reads one byte more than the rows need where they are a multiple of eight.
    bits = np.packbits(~valid, bitorder="little").tobytes()
    yield b"\1"
    yield bits.ljust(len(valid) // 8 + 1, b"\0")
