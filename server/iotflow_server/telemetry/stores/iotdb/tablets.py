"""Columns of one device in the form that IoTDB takes them in."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

import numpy as np

from iotflow_server.telemetry.batch import Column, Mask, Times, ValueType
from iotflow_server.telemetry.stores.iotdb.names import quoted
from iotflow_server.telemetry.stores.iotdb.types import CODES, WIRE

_length = Struct(">i").pack


@dataclass(frozen=True, slots=True)
class Tablet:
    """Rows of one aligned device. times, values: as on the wire."""

    device: str
    names: list[str]
    codes: list[int]
    times: bytes
    values: bytes
    rows: int


def tablet(device: str, times: Times, columns: Sequence[Column]) -> Tablet:
    """times: shape (rows,), rising and distinct; each column has a row for each of them."""
    values = b"".join([*(_values(column) for column in columns), *(_nulls(column.valid) for column in columns)])
    names = [quoted(column.measurement) for column in columns]
    codes = [CODES[column.type] for column in columns]
    return Tablet(device, names, codes, times.astype(">i8").tobytes(), values, len(times))


def _values(column: Column) -> bytes:
    if column.type is not ValueType.TEXT:
        return column.values.astype(WIRE[column.type]).tobytes()
    texts = column.values if column.valid is None else np.where(column.valid, column.values, "")
    encoded = [text.encode() for text in texts]
    return b"".join([part for one in encoded for part in (_length(len(one)), one)])


def _nulls(valid: Mask | None) -> bytes:
    if valid is None:
        return b"\0"
    # IoTDB reads one byte more than the rows need where they are a multiple of eight.
    bits = np.packbits(~valid, bitorder="little").tobytes()
    return b"\1" + bits.ljust(len(valid) // 8 + 1, b"\0")
