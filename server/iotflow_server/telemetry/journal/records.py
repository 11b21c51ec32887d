"""Records: what a segment file is made of, each with a checksum over all of it."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from iotflow_server.telemetry.journal.encoding import Part

# magic, length of the payload, number; then the checksum over these and the payload.
_HEAD = struct.Struct("<4sIQ")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"IFJR"
HEADER_SIZE = _HEAD.size + _CHECKSUM.size


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
    """The records from offset start on, up to the end or to the first that is torn or damaged; none, if the file is gone."""
    try:
        opened = path.open("rb")
    except FileNotFoundError:
        return
    with opened as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        end = start
        while (record := _read_record(file, end, size)) is not None:
            yield record
            end = record.end


def scan(path: Path, start: int) -> tuple[int, int]:
    """How many records there seem to be from offset start on, and the number of the last; payloads are not looked at."""
    found, last, place, size = 0, 0, start, path.stat().st_size
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while (length := _payload_length(header := file.read(HEADER_SIZE), place, size)) is not None:
            found, last, place = found + 1, _HEAD.unpack_from(header)[2], place + HEADER_SIZE + length
            file.seek(place)
    return found, last


def _read_record(file: BinaryIO, place: int, size: int) -> Record | None:
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
