"""Reads a ledger, in bounded memory."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import orjson

from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.columns import Numbers
from iotflow_simulators.ledger.entries import (
    ACKNOWLEDGED,
    FIRST_REASON,
    DeviceEntry,
    EventEntry,
    Fates,
    Header,
    ReadingEntry,
    Reason,
    decoded_devices,
    decoded_fates,
    decoded_readings,
)
from iotflow_simulators.ledger.frames import Frame, FrameReader, Kind, LedgerDamaged

T = TypeVar("T")
# Bytes of a reading, and how many of them zlib packs into one at most.
_LEAST_BYTES, _MOST_PACKED = 34, 1_032


class Ledger:
    """A ledger that was checked from its first byte to its last.

    readings: those that were due. truncated: bytes of an incomplete last record, 0 for none. is_ended: whether the run has ended;
    otherwise the simulator was killed, or still runs.
    """

    header: Header

    def __init__(self, path: Path) -> None:
        """Raises SimulationError, and LedgerDamaged with the place."""
        self.path = path
        self.devices: list[DeviceEntry] = []
        self.reasons: list[Reason] = []
        self.events: list[EventEntry] = []
        self.readings = self.truncated = self._counted = 0
        self.end: dict[str, Any] = {}
        try:
            self._scan()
        except OSError as error:
            raise SimulationError(f"{path} cannot be read: {error.strerror}.") from None

    @property
    def is_ended(self) -> bool:
        """Whether the ledger has its last record."""
        return bool(self.end)

    def rows(self) -> Iterator[list[ReadingEntry]]:
        """The readings that were due, in groups."""
        left = self.readings
        for frame in self._frames(Kind.READINGS):
            group = self._decoded(frame, self._known_devices)[:left]
            left -= len(group)
            if group:
                yield group

    def fates(self) -> Iterator[Fates]:
        """The fates, in the order in which they were known."""
        for frame in self._frames(Kind.FATES):
            yield self._decoded(frame, self._known_fates)

    def _known_devices(self, payload: bytes) -> list[ReadingEntry]:
        entries = decoded_readings(payload)
        if not all(0 <= entry.device < len(self.devices) for entry in entries):
            raise ValueError("a reading is of a device that the ledger does not have")
        return entries

    def _known_fates(self, payload: bytes) -> Fates:
        fates = decoded_fates(payload)
        if not _are_within(fates.numbers, 0, self._counted):
            raise ValueError("a fate is of a reading that the ledger does not have")
        if not _are_within(fates.codes, ACKNOWLEDGED, FIRST_REASON + len(self.reasons)):
            raise ValueError("a fate has a reason that the ledger does not have")
        return fates

    def _scan(self) -> None:
        handlers: dict[Kind, Callable[[Frame], None]] = {
            Kind.DEVICES: lambda frame: self.devices.extend(self._decoded(frame, decoded_devices)),
            Kind.READINGS: self._count,
            Kind.REASON: lambda frame: self.reasons.append(self._object(frame, Reason)),
            Kind.FATES: lambda _: None,
            Kind.EVENT: lambda frame: self.events.append(self._object(frame, EventEntry)),
            Kind.END: lambda frame: self.end.update(self._decoded(frame, self._known_end)),
        }
        with self.path.open("rb") as file:
            reader = FrameReader(file, str(self.path))
            frames = iter(reader)
            first = next(frames, None)
            if first is None or first.kind is not Kind.HEADER:
                raise LedgerDamaged(f"{self.path} has no header: the simulator was killed before it began.")
            self.header = self._object(first, Header)
            self._records = 1
            for frame in frames:
                self._records += 1
                if frame.kind not in handlers or self.is_ended:
                    raise LedgerDamaged(
                        f"{self.path} is damaged at byte {frame.offset}: this record is not expected here."
                    )
                handlers[frame.kind](frame)
            self.truncated = reader.truncated
        self.readings = self.end.get("readings", self._counted)

    def _count(self, frame: Frame) -> None:
        self._counted += self._decoded(frame, _count_of)

    def _known_end(self, payload: bytes) -> dict[str, Any]:
        end: dict[str, Any] = dict(orjson.loads(payload))
        if not 0 <= int(end["readings"]) <= self._counted:
            raise ValueError("the end counts other readings")
        return end

    def _frames(self, kind: Kind) -> Iterator[Frame]:
        with self.path.open("rb") as file:
            # The simulator may still write others.
            records = islice(FrameReader(file, str(self.path)), self._records)
            yield from (frame for frame in records if frame.kind is kind)

    def _object(self, frame: Frame, entry: Callable[..., T]) -> T:
        return self._decoded(frame, lambda payload: entry(**orjson.loads(payload)))

    def _decoded(self, frame: Frame, decode: Callable[[bytes], T]) -> T:
        try:
            return decode(frame.payload)
        except (ValueError, TypeError, KeyError) as error:
            raise LedgerDamaged(
                f"{self.path} is damaged at byte {frame.offset}: the content cannot be read ({error})."
            ) from None


def _count_of(payload: bytes) -> int:
    count = int.from_bytes(payload[:4], "little")
    if count * _LEAST_BYTES > len(payload) * _MOST_PACKED:
        raise ValueError(f"{count} readings in {len(payload)} bytes")
    return count


def _are_within(numbers: Numbers, least: int, end: int) -> bool:
    return not len(numbers) or bool(numbers.min() >= least and numbers.max() < end)
