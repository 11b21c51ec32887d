"""Exports written and read back, and their expected content in plain Python."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv, ipc, parquet

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.export import FORMATS, Columns, Export, widen

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXACT = 2**53
Row = dict[str, Any]
Filled = Sequence[tuple[Device, Batch]]


def device(number: int, name: str = "probe") -> Device:
    return Device(number, name, "", "", "active", "", "", "", {}, EPOCH, EPOCH, None)


def types_of(filled: Filled) -> dict[str, ValueType]:
    """The types by measurement, as determined from the devices in order."""
    types: dict[str, ValueType] = {}
    for _, batch in filled:
        widen(types, {column.measurement: column.type for column in batch.columns})
    return types


def pieces(name: str, filled: Filled, asked: Sequence[str] | None = None) -> list[bytes]:
    """The export in this format."""
    export = Export(FORMATS[name], Columns(types_of(filled), asked))
    written = [piece for device, batch in filled for piece in export.add(device, batch)]
    return written + export.finish()


def read_back(name: str, content: bytes, schema: pa.Schema) -> list[Row]:
    """The rows of a file by column, without missing values; times as text."""
    return [_shown(row) for row in READERS[name](content, schema)]


def _shown(row: Row) -> Row:
    moment = row["timestamp"]
    if isinstance(moment, datetime):
        row = row | {"timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    return {key: value for key, value in row.items() if value is not None}


def _csv(content: bytes, schema: pa.Schema) -> list[Row]:
    place = schema.get_field_index("timestamp")
    types = schema.set(place, pa.field("timestamp", pa.string()))
    table = csv.read_csv(
        io.BytesIO(content),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )
    assert table.column_names == schema.names
    return list(table.to_pylist())


def _ndjson(content: bytes, _schema: pa.Schema) -> list[Row]:
    *lines, rest = content.decode().split("\n")
    assert not rest
    return [json.loads(line) for line in lines]


def _parquet(content: bytes, schema: pa.Schema) -> list[Row]:
    table = parquet.read_table(io.BytesIO(content))
    assert table.schema == schema
    return list(table.to_pylist())


def _arrow(content: bytes, schema: pa.Schema) -> list[Row]:
    with ipc.open_stream(content) as reader:
        table = reader.read_all()
    assert table.schema == schema
    return list(table.to_pylist())


READERS = {"csv": _csv, "ndjson": _ndjson, "parquet": _parquet, "arrow": _arrow}


def expected(name: str, filled: Filled) -> list[Row]:
    """The expected rows of an export, computed value by value."""
    types = types_of(filled)
    return [
        {"device_id": device.id, "device_name": device.name, "timestamp": time_text(int(time))}
        | {
            titled(column.measurement): shown(name, value, column.type, types[column.measurement])
            for column, value in values_at(batch, row)
        }
        for device, batch in filled
        for row, time in enumerate(batch.times)
    ]


def values_at(batch: Batch, row: int) -> Iterator[tuple[Column, Any]]:
    for column in batch.columns:
        if column.valid is None or column.valid[row]:
            yield column, column.values.tolist()[row]


def titled(measurement: str) -> str:
    taken = ("device_id", "device_name", "timestamp")
    return f"measurement:{measurement}" if measurement in taken else measurement


def time_text(time: int) -> str:
    moment = EPOCH + timedelta(milliseconds=time)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def shown(name: str, value: Any, own: ValueType, settled: ValueType) -> Any:
    """A value of the type of a device in a column of the common type."""
    if settled is ValueType.TEXT and own is not ValueType.TEXT:
        return Digits(value, own)
    if name == "ndjson":
        if settled is ValueType.INT64 and abs(value) > EXACT:
            return str(value)
        if settled is ValueType.FLOAT:
            return float(str(np.float32(value)))
    return value


class Digits:
    """Equal to every text that denotes this value and no other of its type."""

    def __init__(self, value: Any, own: ValueType) -> None:
        self._value = value
        self._own = own

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return False
        if self._own is ValueType.BOOLEAN:
            return other == str(self._value).lower()
        return bool(self._own.dtype.type(other) == self._own.dtype.type(self._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"<digits of {self._value!r}>"


def columns_of(values: Mapping[str, tuple[ValueType, Sequence[Any]]]) -> tuple[Column, ...]:
    """None: no value."""
    made = []
    for name, (type_, given) in values.items():
        blank = "" if type_ is ValueType.TEXT else 0
        held = np.array([blank if value is None else value for value in given], type_.dtype)
        valid = np.array([value is not None for value in given])
        made.append(Column(name, type_, held, None if valid.all() else valid))
    return tuple(made)
