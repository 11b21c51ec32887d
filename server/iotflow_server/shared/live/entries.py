"""Told readings as the bytes of a stream's entry, and back."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from iotflow_server.telemetry.journal import encoding
from iotflow_server.telemetry.live import Told
from iotflow_server.telemetry.live.pieces import joined, pieces

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


def grouped(told: Iterable[Told]) -> Iterator[list[Told]]:
    """The readings of one entry after the other, each device's in their order."""
    group: list[Told] = []
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


def body(told: Sequence[Told]) -> bytes:
    """An entry without its head."""
    devices = orjson.dumps([(one.source.name, one.source.device_type) for one in told])
    return b"".join((_LENGTH.pack(len(devices)), devices, *encoding.encode([one.batch for one in told])))


def entry(head: Head, content: bytes) -> bytes:
    """The whole."""
    return _HEAD.pack(head.publisher, head.number, head.readings, head.dropped) + content


def head_of(payload: bytes) -> Head:
    """The head alone, which costs little."""
    return Head(*_HEAD.unpack_from(payload))


def told_in(payload: bytes) -> list[Told]:
    """The readings of an entry."""
    (length,) = _LENGTH.unpack_from(payload, _HEAD.size)
    start = _HEAD.size + _LENGTH.size
    devices = orjson.loads(payload[start : start + length])
    batches = encoding.decode(payload[start + length :])
    return [Told(Device(batch.device_id, *device), batch) for device, batch in zip(devices, batches, strict=True)]


def _split(told: Told) -> Iterator[tuple[Told, int]]:
    size = told.batch.size
    if size <= ENTRY_BYTES:
        yield told, size
        return
    rows = len(told.batch.times)
    for piece in pieces(told, max(1, rows * ENTRY_BYTES // size)):
        yield piece, piece.batch.size
