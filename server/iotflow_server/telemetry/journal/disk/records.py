"""Records: what a segment file is made of, each with a checksum over all of it."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from iotflow_server.telemetry.journal.disk.encoding import Part

# magic, length of the payload, number; then the checksum over these and the payload.
_HEAD = struct.Struct("<4sIQ")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"IFJR"
HEADER_SIZE = _HEAD.size + _CHECKSUM.size
_BLOCK = 64 * 2**10
# Readings may hold what looks like records. So many bytes are read behind a damaged one, each that looks so counting as a block of the
# second size at the least: what stands behind more of them is not found.
_MOST_SEARCHED, _LOOK = 256 * 2**20, 1_024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """number: rises from record to record of a process, and from what one has finished to what another begins. end: the
    offset in the file behind it."""

    number: int
    payload: bytes
    end: int


def framed(number: int, parts: Sequence[Part]) -> list[Part]:
    """The parts with what makes a record of them in front."""
    head = _HEAD.pack(_MAGIC, sum(len(part) for part in parts), number)
    return [head, _CHECKSUM.pack(_checksum([head, *parts])), *parts]


def read_records(path: Path, start: int) -> Iterator[Record]:
    """The records from offset start on, up to the end or to one that is torn; none, if the file is gone. What is damaged between
    whole records is passed over, and the log says so."""
    try:
        opened = path.open("rb")
    except FileNotFoundError:
        return
    with opened as file:
        size = os.fstat(file.fileno()).st_size
        place = start
        while True:
            while (record := _read_record(file, place, size)) is not None:
                yield record
                place = record.end
            behind = _whole_behind(file, place, size)
            if behind is None:
                return
            # Where it is just being written, what comes before was written before.
            if _read_record(file, place, size) is None:
                _log.error("journal_records_damaged", segment=str(path), offset=place, bytes=behind - place)
                place = behind


def scan(path: Path, start: int) -> tuple[int, int]:
    """How many records there seem to be from offset start on, and the number of the last; payloads are not looked at."""
    found, last, size = 0, 0, path.stat().st_size
    with path.open("rb", buffering=0) as file:
        place: int | None = start
        while place is not None:
            file.seek(place)
            header = file.read(HEADER_SIZE)
            length = _payload_length(header, place, size)
            if length is None:
                place = _whole_behind(file, place, size)
            else:
                found, last, place = found + 1, _HEAD.unpack_from(header)[2], place + HEADER_SIZE + length
    return found, last


def _whole_behind(file: BinaryIO, place: int, size: int) -> int | None:
    """Where the next whole record stands behind this place."""
    left = _MOST_SEARCHED
    for candidate in _magics(file, place + 1):
        file.seek(candidate)
        length = _payload_length(file.read(HEADER_SIZE), candidate, size)
        left -= _LOOK + (length or 0)
        if left < 0:
            _log.error("journal_search_given_up", offset=candidate, bytes=size - candidate)
            return None
        if length is not None and _read_record(file, candidate, size) is not None:
            return candidate
    return None


def _magics(file: BinaryIO, place: int) -> Iterator[int]:
    """Where records may begin from this place on; others may read the file meanwhile."""
    kept = b""
    file.seek(place)
    while block := file.read(_BLOCK):
        searched = kept + block
        found = searched.find(_MAGIC)
        while found >= 0:
            yield place - len(kept) + found
            found = searched.find(_MAGIC, found + 1)
        place += len(block)
        kept = searched[1 - len(_MAGIC) :]
        file.seek(place)


def _read_record(file: BinaryIO, place: int, size: int) -> Record | None:
    file.seek(place)
    header = file.read(HEADER_SIZE)
    length = _payload_length(header, place, size)
    if length is None:
        return None
    payload = file.read(length)
    head = header[: _HEAD.size]
    if _CHECKSUM.unpack(header[_HEAD.size :]) != (_checksum([head, payload]),):
        return None
    return Record(_HEAD.unpack(head)[2], payload, place + HEADER_SIZE + length)


def _payload_length(header: bytes, place: int, size: int) -> int | None:
    """None where no whole record can stand at this place."""
    if len(header) < HEADER_SIZE:
        return None
    magic, length, _ = _HEAD.unpack_from(header)
    whole = magic == _MAGIC and place + HEADER_SIZE + length <= size
    return int(length) if whole else None


def _checksum(parts: Iterable[Part]) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum
