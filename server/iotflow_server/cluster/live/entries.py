"""Live readings as entries of the Redis stream."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.batch_encoding import decode, encode
from iotflow_server.telemetry.live import LiveReadings
from iotflow_server.telemetry.live.pieces import joined, part, pieces, stacked

# Small enough that a reader takes several entries at a time, large enough to make the cost of an entry negligible. A single
# row may be larger.
ENTRY_BYTES = 256 * 2**10

# publisher, number, readings, dropped
_HEAD = struct.Struct("<16sQQQ")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class EntryHead:
    """publisher: 16 bytes. number: rises by one with each entry of the publisher. readings: in this entry. dropped: by the
    publisher since the entry before."""

    publisher: bytes
    number: int
    readings: int
    dropped: int


@dataclass(frozen=True, slots=True)
class RemoteDevice:
    """The EventSource of readings from another process."""

    id: int
    name: str
    device_type: str


def grouped(readings: Iterable[LiveReadings]) -> Iterator[list[LiveReadings]]:
    """Divide readings into the groups of one entry each; the readings of each device keep their order."""
    group: list[LiveReadings] = []
    size = 0
    for one in joined(readings):
        for piece, piece_size in _split(one):
            if group and size + piece_size > ENTRY_BYTES:
                yield group
                group, size = [], 0
            group.append(piece)
            size += piece_size
    if group:
        yield group


def body(readings: Sequence[LiveReadings]) -> bytes:
    """Encode an entry without its head. Devices with equal columns share a batch, so that the readings of a fleet become a few
    large arrays."""
    runs = _runs(readings)
    devices = orjson.dumps([[_row(one) for one in run] for run in runs])
    batches = [stacked([one.batch for one in run]) for run in runs]
    return b"".join((_LENGTH.pack(len(devices)), devices, *encode(batches)))


def entry(head: EntryHead, content: bytes) -> bytes:
    """Encode a whole entry."""
    return _HEAD.pack(head.publisher, head.number, head.readings, head.dropped) + content


def head_of(payload: bytes) -> EntryHead:
    """Decode the head only, which is cheap."""
    return EntryHead(*_HEAD.unpack_from(payload))


def readings_in(payload: bytes) -> list[LiveReadings]:
    """Decode the readings of an entry."""
    (length,) = _LENGTH.unpack_from(payload, _HEAD.size)
    start = _HEAD.size + _LENGTH.size
    runs = orjson.loads(payload[start : start + length])
    batches = decode(payload[start + length :])
    return [one for run, batch in zip(runs, batches, strict=True) for one in _parted(run, batch)]


def _runs(readings: Sequence[LiveReadings]) -> list[list[LiveReadings]]:
    """Group readings with equal columns; the first batch of a device comes before its second."""
    runs: dict[tuple[int, Any], list[LiveReadings]] = {}
    seen: dict[int, int] = {}
    for one in readings:
        before = seen.get(one.batch.device_id, 0)
        seen[one.batch.device_id] = before + 1
        columns = tuple((column.measurement, column.type) for column in one.batch.columns)
        runs.setdefault((before, columns), []).append(one)
    return [runs[key] for key in sorted(runs, key=lambda key: key[0])]


def _row(readings: LiveReadings) -> tuple[int, str, str, int]:
    source = readings.source
    return source.id, source.name, source.device_type, len(readings.batch.times)


def _parted(run: Sequence[tuple[int, str, str, int]], batch: Batch) -> Iterator[LiveReadings]:
    start = 0
    for device_id, name, device_type, rows in run:
        yield LiveReadings(RemoteDevice(device_id, name, device_type), part(batch, device_id, start, start + rows))
        start += rows


def _split(readings: LiveReadings) -> Iterator[tuple[LiveReadings, int]]:
    size = readings.batch.size
    if size <= ENTRY_BYTES:
        yield readings, size
        return
    rows = len(readings.batch.times)
    for piece in pieces(readings, max(1, rows * ENTRY_BYTES // size)):
        yield piece, piece.batch.size
