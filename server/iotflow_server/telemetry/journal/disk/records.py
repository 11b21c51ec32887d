"""The records of a segment file, each with a checksum over all of it."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from iotflow_server.telemetry.batch_encoding import Part

# magic, length of the payload, number; followed by the checksum of these and the payload.
_HEAD = struct.Struct("<4sIQ")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"IFJR"
HEADER_SIZE = _HEAD.size + _CHECKSUM.size
_BLOCK = 64 * 2**10
# The search for a valid record behind a damaged one reads up to this many bytes. Readings may contain the magic: each candidate
# counts as at least the second size.
_MOST_SEARCHED, _CANDIDATE_BYTES = 256 * 2**20, 1_024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """number: ascending within a process; a record that begins after another process has finished one gets a higher number.
    end: offset behind the record in its file."""

    number: int
    payload: bytes
    end: int


def framed(number: int, parts: Sequence[Part]) -> list[Part]:
    """Prefix the parts with the header of a record."""
    head = _HEAD.pack(_MAGIC, sum(len(part) for part in parts), number)
    return [head, _CHECKSUM.pack(_checksum([head, *parts])), *parts]


def read_records(path: Path, start: int) -> Iterator[Record]:
    """Yield the records from offset start up to the end or to a torn record; none if the file is missing. Damaged bytes between
    valid records are skipped and logged."""
    try:
        opened = path.open("rb")
    except FileNotFoundError:
        return
    with opened as file:
        size = os.fstat(file.fileno()).st_size
        offset = start
        while True:
            while (record := _read_record(file, offset, size)) is not None:
                yield record
                offset = record.end
            following = _next_valid(file, offset, size)
            if following is None:
                return
            # Read again: a concurrent append may have completed the record in the meantime.
            if _read_record(file, offset, size) is None:
                _log.error("journal_records_damaged", segment=str(path), offset=offset, bytes=following - offset)
                offset = following


def scan(path: Path, start: int) -> tuple[int, int]:
    """Count the records from offset start, with as few reads of payloads as possible; returns the count and the number of the last."""
    found, last, size = 0, 0, path.stat().st_size
    with path.open("rb", buffering=0) as file:
        offset: int | None = start
        while offset is not None:
            header = _header(file, offset)
            end = _end(header, offset, size)
            # A damaged length leads to where no record begins.
            if end is None or (_end(_header(file, end), end, size) is None and not _read_record(file, offset, size)):
                offset = _next_valid(file, offset, size)
            else:
                found, last, offset = found + 1, _HEAD.unpack_from(header)[2], end
    return found, last


def _header(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(HEADER_SIZE)


def _end(header: bytes, offset: int, size: int) -> int | None:
    """The offset behind the record with this header; None if no complete record can be there."""
    length = _payload_length(header, offset, size)
    return None if length is None else offset + HEADER_SIZE + length


def _next_valid(file: BinaryIO, offset: int, size: int) -> int | None:
    """The offset of the next valid record behind this offset."""
    left = _MOST_SEARCHED
    for candidate in _magics(file, offset + 1):
        file.seek(candidate)
        length = _payload_length(file.read(HEADER_SIZE), candidate, size)
        left -= _CANDIDATE_BYTES + (length or 0)
        if left < 0:
            _log.error("journal_search_given_up", offset=candidate, bytes=size - candidate)
            return None
        if length is not None and _read_record(file, candidate, size) is not None:
            return candidate
    return None


def _magics(file: BinaryIO, offset: int) -> Iterator[int]:
    """Yield the offsets of the magic from this offset on; the caller may move the file position."""
    kept = b""
    file.seek(offset)
    while block := file.read(_BLOCK):
        searched = kept + block
        found = searched.find(_MAGIC)
        while found >= 0:
            yield offset - len(kept) + found
            found = searched.find(_MAGIC, found + 1)
        offset += len(block)
        kept = searched[1 - len(_MAGIC) :]
        file.seek(offset)


def _read_record(file: BinaryIO, offset: int, size: int) -> Record | None:
    file.seek(offset)
    header = file.read(HEADER_SIZE)
    length = _payload_length(header, offset, size)
    if length is None:
        return None
    payload = file.read(length)
    head = header[: _HEAD.size]
    if _CHECKSUM.unpack(header[_HEAD.size :]) != (_checksum([head, payload]),):
        return None
    return Record(_HEAD.unpack(head)[2], payload, offset + HEADER_SIZE + length)


def _payload_length(header: bytes, offset: int, size: int) -> int | None:
    """The length of the payload at this offset; None if no complete record can be there."""
    if len(header) < HEADER_SIZE:
        return None
    magic, length, _ = _HEAD.unpack_from(header)
    complete = magic == _MAGIC and offset + HEADER_SIZE + length <= size
    return int(length) if complete else None


def _checksum(parts: Iterable[Part]) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum
