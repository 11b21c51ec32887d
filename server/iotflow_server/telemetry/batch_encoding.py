"""Encoding of batches as bytes: numpy buffers, little-endian, without processing values in Python."""

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask, Values, ValueType
from iotflow_server.telemetry.multi_device_batch import AnyBatch, MultiDeviceBatch, separated

_COUNT = struct.Struct("<I")
# device_id, rows, columns, atomic
_BATCH = struct.Struct("<qII?")
# length of the name, type, presence of a validity bitmap
_COLUMN = struct.Struct("<HB?")
_TYPES = tuple(ValueType)
# Lone surrogates must survive: the backend decides whether a text can be stored.
_TEXT = ("utf-8", "surrogatepass")

Part = bytes | memoryview


# In place of a device_id: a batch of several devices, with their number, their ids, and the end of the rows of each.
_SEVERAL = -1


def encode(batches: Sequence[AnyBatch]) -> list[Part]:
    """Encode batches as consecutive parts, which share the memory of the batches."""
    parts: list[Part] = [_COUNT.pack(len(batches))]
    for batch in batches:
        if isinstance(batch, Batch):
            parts.append(_BATCH.pack(batch.device_id, len(batch.times), len(batch.columns), batch.atomic))
        else:
            parts.append(_BATCH.pack(_SEVERAL, len(batch.times), len(batch.columns), False))
            parts.append(_COUNT.pack(len(batch.device_ids)))
            parts += [_raw(np.array(batch.device_ids, np.int64)), _raw(batch.ends)]
        parts.append(_raw(batch.times))
        for column in batch.columns:
            parts += _encoded(column)
    return parts


def decode(payload: bytes) -> list[Batch]:
    """Decode the result of encode, as a batch for each device."""
    reader = _BufferReader(payload)
    (batches,) = reader.unpack(_COUNT)
    return list(separated([_decode_batch(reader) for _ in range(batches)]))


def _encoded(column: Column) -> Iterator[Part]:
    name = column.measurement.encode(*_TEXT)
    yield _COLUMN.pack(len(name), _TYPES.index(column.type), column.valid is not None)
    yield name
    if column.valid is not None:
        yield _raw(np.packbits(column.valid))
    if column.type is ValueType.TEXT:
        yield from _encoded_text(column)
    else:
        yield _raw(column.values)


def _encoded_text(column: Column) -> Iterator[Part]:
    texts = column.values.tolist() if column.valid is None else column.values[column.valid].tolist()
    lengths = np.fromiter(map(len, texts), np.uint32, len(texts))
    joined = "".join(texts).encode(*_TEXT)
    yield _raw(lengths)
    yield _COUNT.pack(len(joined))
    yield joined


def _raw(values: Values) -> memoryview:
    return np.ascontiguousarray(values).view(np.uint8).data


class _BufferReader:
    """Reads a payload sequentially."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._offset = 0

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))

    def take(self, length: int) -> bytes:
        start, self._offset = self._offset, self._offset + length
        return self._payload[start : self._offset]

    def array(self, dtype: np.dtype[Any], rows: int) -> Values:
        """Shape (rows,); a copy, so that it is aligned and the payload can be freed."""
        start, self._offset = self._offset, self._offset + rows * dtype.itemsize
        return np.frombuffer(self._payload, dtype, rows, start).copy()


def _decode_batch(reader: _BufferReader) -> AnyBatch:
    device_id, rows, columns, atomic = reader.unpack(_BATCH)
    device_ids, ends = _decode_devices(reader) if device_id == _SEVERAL else ([], np.empty(0, np.int64))
    times = reader.array(np.dtype(np.int64), rows)
    found = tuple(_decode_column(reader, rows) for _ in range(columns))
    if device_id == _SEVERAL:
        return MultiDeviceBatch(device_ids, ends, times, found)
    return Batch(device_id, times, found, atomic)


def _decode_devices(reader: _BufferReader) -> tuple[list[int], Values]:
    (devices,) = reader.unpack(_COUNT)
    ids = reader.array(np.dtype(np.int64), devices).tolist()
    return ids, reader.array(np.dtype(np.int64), devices)


def _decode_column(reader: _BufferReader, rows: int) -> Column:
    name_length, type_number, has_mask = reader.unpack(_COLUMN)
    name = reader.take(name_length).decode(*_TEXT)
    value_type = _TYPES[type_number]
    valid = _decode_mask(reader, rows) if has_mask else None
    if value_type is ValueType.TEXT:
        return Column(name, value_type, _decode_text(reader, rows, valid), valid)
    return Column(name, value_type, reader.array(value_type.dtype, rows), valid)


def _decode_mask(reader: _BufferReader, rows: int) -> Mask:
    packed = reader.array(np.dtype(np.uint8), (rows + 7) // 8)
    return np.unpackbits(packed, count=rows).view(np.bool_)


def _decode_text(reader: _BufferReader, rows: int, valid: Mask | None) -> Values:
    present = rows if valid is None else int(np.count_nonzero(valid))
    ends = np.cumsum(reader.array(np.dtype(np.uint32), present), dtype=np.int64).tolist()
    (length,) = reader.unpack(_COUNT)
    joined = reader.take(length).decode(*_TEXT)
    texts = np.empty(present, object)
    texts[:] = [joined[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    if valid is None:
        return texts
    values = np.full(rows, "", object)
    values[valid] = texts
    return values
