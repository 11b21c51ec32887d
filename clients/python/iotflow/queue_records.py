"""The records of a queue's segments, and reading them back.

A record is `u32 length, u32 crc, payload`, little-endian; the payload is a serialized TelemetryBatch with its sequence, and
the crc is the CRC-32 of the payload.
"""

import errno
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError

from iotflow.v1.telemetry_pb2 import TelemetryBatch

HEADER = struct.Struct("<II")
# What reading a file gives that is no longer there, or that the disk has lost. Others, such as too many open files, may pass.
_LOST = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO})


class RecordDamaged(Exception):
    """The disk no longer has a record as it was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """A batch in a segment. offset, size: of its payload, bytes. segment: the first sequence of its file. names_device: whether the
    batch does; otherwise it is of the key's."""

    sequence: int
    rows: int
    segment: int
    offset: int
    size: int
    names_device: bool = False


def packed(payload: bytes) -> bytes:
    """The record of a payload."""
    return HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def read_payload(segment: Path, record: Record) -> bytes:
    """The payload of a record in this file. Raises RecordDamaged, and OSError where another attempt may succeed."""
    try:
        with segment.open("rb") as file:
            file.seek(record.offset - HEADER.size)
            header, payload = file.read(HEADER.size), file.read(record.size)
    except OSError as error:
        if error.errno in _LOST:
            raise RecordDamaged(str(error)) from None
        raise
    if len(payload) < record.size or header != HEADER.pack(record.size, zlib.crc32(payload)):
        raise RecordDamaged(f"{segment} is damaged or was cut.")
    return payload


def records_of(data: bytes, segment: int) -> Iterator[Record]:
    """The records of a segment's content up to the first one that is incomplete or damaged."""
    offset = HEADER.size
    while offset <= len(data):
        size, check = HEADER.unpack_from(data, offset - HEADER.size)
        payload = data[offset : offset + size]
        if len(payload) < size or zlib.crc32(payload) != check:
            return
        try:
            batch = TelemetryBatch.FromString(payload)
        except DecodeError:
            return
        if batch.sequence <= 0:
            return
        yield Record(batch.sequence, len(batch.timestamps), segment, offset, size, names_device(batch))
        offset += size + HEADER.size


def names_device(batch: TelemetryBatch) -> bool:
    """Whether the batch, or each of its rows, names its device."""
    return bool(batch.device_id or batch.device_ids)


def is_torn(rest: bytes) -> bool:
    """Whether this is one record at most, whole or in pieces, and zeros."""
    size, _ = HEADER.unpack_from(rest.ljust(HEADER.size, b"\0"))
    return not rest[HEADER.size + int(size) :].strip(b"\0")
