"""Told readings as the bytes of a stream's entry, and back."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal.disk import encoding
from iotflow_server.telemetry.live import LiveReadings
from iotflow_server.telemetry.live.pieces import joined, part, pieces, stacked

# Small enough that a reader takes several at a time, large enough that an entry's own cost does not count. A single row
# may be larger.
ENTRY_BYTES = 256 * 2**10

# publisher, number, readings, dropped
_HEAD = struct.Struct("<16sQQQ")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Head:
    """publisher: 16 bytes. number: of its entries, rising by one. readings: in this one. dropped: that it had to drop since the
    one before."""

    publisher: bytes
    number: int
    readings: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Device:
    """The Source of what another process stored."""

    id: int
    name: str
    device_type: str


def grouped(told: Iterable[LiveReadings]) -> Iterator[list[LiveReadings]]:
    """The readings of one entry after the other, each device's in their order."""
    group: list[LiveReadings] = []
    size = 0
    for one in joined(told):
        for piece, piece_size in _split(one):
            if group and size + piece_size > ENTRY_BYTES:
                yield group
                group, size = [], 0
            group.append(piece)
            size += piece_size
    if group:
        yield group


def body(told: Sequence[LiveReadings]) -> bytes:
    """An entry without its head. Devices with equal columns lie in one batch: a fleet's readings cost a few large arrays, not
    many small ones."""
    runs = _runs(told)
    devices = orjson.dumps([[_row(one) for one in run] for run in runs])
    batches = [stacked([one.batch for one in run]) for run in runs]
    return b"".join((_LENGTH.pack(len(devices)), devices, *encoding.encode(batches)))


def entry(head: Head, content: bytes) -> bytes:
    """The whole."""
    return _HEAD.pack(head.publisher, head.number, head.readings, head.dropped) + content


def head_of(payload: bytes) -> Head:
    """The head alone, which costs little."""
    return Head(*_HEAD.unpack_from(payload))


def told_in(payload: bytes) -> list[LiveReadings]:
    """The readings of an entry."""
    (length,) = _LENGTH.unpack_from(payload, _HEAD.size)
    start = _HEAD.size + _LENGTH.size
    runs = orjson.loads(payload[start : start + length])
    batches = encoding.decode(payload[start + length :])
    return [one for run, batch in zip(runs, batches, strict=True) for one in _parted(run, batch)]


def _runs(told: Sequence[LiveReadings]) -> list[list[LiveReadings]]:
    """Those with equal columns together, a device's first batch before its second."""
    runs: dict[tuple[int, Any], list[LiveReadings]] = {}
    seen: dict[int, int] = {}
    for one in told:
        before = seen.get(one.batch.device_id, 0)
        seen[one.batch.device_id] = before + 1
        columns = tuple((column.measurement, column.type) for column in one.batch.columns)
        runs.setdefault((before, columns), []).append(one)
    return [runs[key] for key in sorted(runs, key=lambda key: key[0])]


def _row(told: LiveReadings) -> tuple[int, str, str, int]:
    source = told.source
    return source.id, source.name, source.device_type, len(told.batch.times)


def _parted(run: Sequence[tuple[int, str, str, int]], batch: Batch) -> Iterator[LiveReadings]:
    start = 0
    for device_id, name, device_type, rows in run:
        yield LiveReadings(Device(device_id, name, device_type), part(batch, device_id, start, start + rows))
        start += rows


def _split(told: LiveReadings) -> Iterator[tuple[LiveReadings, int]]:
    size = told.batch.size
    if size <= ENTRY_BYTES:
        yield told, size
        return
    rows = len(told.batch.times)
    for piece in pieces(told, max(1, rows * ENTRY_BYTES // size)):
        yield piece, piece.batch.size
