"""Records in a file: each with its number, its length and its checksums."""

import zlib
from collections.abc import Iterator
from enum import IntEnum
from struct import Struct
from typing import BinaryIO, NamedTuple

from iotflow_simulators import SimulationError

MAGIC = b"IOTFLOW LEDGER 1\n"
LONGEST = 1 << 28
# Kind, number, length and checksum of the payload; then the checksum of these.
_HEAD, _SUM = Struct("<BIII"), Struct("<I")
_SIZE = _HEAD.size + _SUM.size


class LedgerDamaged(SimulationError):
    """A ledger cannot be used. The message has the place of the damage."""


class Kind(IntEnum):
    """Kinds of records. END: the run ended by itself or by the user; without it, the simulator was killed."""

    HEADER = 1
    DEVICES = 2
    READINGS = 3
    REASON = 4
    FATES = 5
    EVENT = 6
    END = 7


class Frame(NamedTuple):
    """A record. offset: of its first byte in the file."""

    kind: Kind
    payload: bytes
    offset: int


def framed(kind: Kind, number: int, payload: bytes) -> bytes:
    """The bytes of a record. number: 0 for the first record of a file, then rising by one."""
    head = _HEAD.pack(kind, number, len(payload), zlib.crc32(payload))
    return head + _SUM.pack(zlib.crc32(head)) + payload


class FrameReader:
    """The records of a file. truncated: after the iteration, the bytes of a last record that is incomplete."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self.truncated = 0

    def __iter__(self) -> Iterator[Frame]:
        """Raises LedgerDamaged. Only the last record may be incomplete: the writer was killed."""
        if self._file.read(len(MAGIC)) != MAGIC:
            raise LedgerDamaged(f"{self._name} is no ledger: its first bytes are others.")
        number, offset = 0, len(MAGIC)
        while head := self._file.read(_SIZE):
            payload = self._payload(head, number, offset)
            if payload is None:
                return
            yield Frame(self._kind(head[0], offset), payload, offset)
            number, offset = number + 1, offset + _SIZE + len(payload)

    def _payload(self, head: bytes, number: int, offset: int) -> bytes | None:
        """The payload after a head; None where the file ends too early."""
        if len(head) < _SIZE:
            self.truncated = len(head)
            return None
        if _SUM.unpack_from(head, _HEAD.size)[0] != zlib.crc32(head[: _HEAD.size]):
            raise self._damaged(offset, "the head of the record has a wrong checksum")
        _, stated, length, checksum = _HEAD.unpack_from(head)
        if stated != number:
            raise self._damaged(offset, f"record {number} is expected here, and record {stated} is found")
        if length > LONGEST:
            raise self._damaged(offset, f"the record has {length} bytes, and the limit is {LONGEST}")
        payload = self._file.read(length)
        if len(payload) < length:
            self.truncated = len(head) + len(payload)
            return None
        if zlib.crc32(payload) != checksum:
            raise self._damaged(offset, "the content of the record has a wrong checksum")
        return payload

    def _kind(self, number: int, offset: int) -> Kind:
        try:
            return Kind(number)
        except ValueError:
            raise self._damaged(offset, f"records of kind {number} are unknown") from None

    def _damaged(self, offset: int, problem: str) -> LedgerDamaged:
        return LedgerDamaged(f"{self._name} is damaged at byte {offset}: {problem}.")
