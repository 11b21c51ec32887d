"""Reads a ledger, in bounded memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import orjson

from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.entries import (
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
        self.readings = self.truncated = 0
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
            group = self._decoded(frame, decoded_readings)[:left]
            left -= len(group)
            if group:
                yield group

    def fates(self) -> Iterator[Fates]:
        """The fates, in the order in which they were known."""
        for frame in self._frames(Kind.FATES):
            yield self._decoded(frame, decoded_fates)

    def _scan(self) -> None:
        handlers: dict[Kind, Callable[[Frame], None]] = {
            Kind.DEVICES: lambda frame: self.devices.extend(self._decoded(frame, decoded_devices)),
            Kind.READINGS: self._count,
            Kind.REASON: lambda frame: self.reasons.append(Reason(**self._object(frame))),
            Kind.FATES: lambda _: None,
            Kind.EVENT: lambda frame: self.events.append(EventEntry(**self._object(frame))),
            Kind.END: lambda frame: self.end.update(self._object(frame)),
        }
        with self.path.open("rb") as file:
            reader = FrameReader(file, str(self.path))
            frames = iter(reader)
            first = next(frames, None)
            if first is None or first.kind is not Kind.HEADER:
                raise LedgerDamaged(f"{self.path} has no header: the simulator was killed before it began.")
            self.header = Header(**self._object(first))
            for frame in frames:
                if frame.kind not in handlers or self.is_ended:
                    raise LedgerDamaged(
                        f"{self.path} is damaged at byte {frame.offset}: this record is not expected here."
                    )
                handlers[frame.kind](frame)
            self.truncated = reader.truncated
        self.readings = self.end.get("readings", self.readings)

    def _count(self, frame: Frame) -> None:
        self.readings += int.from_bytes(frame.payload[:4], "little")

    def _frames(self, kind: Kind) -> Iterator[Frame]:
        with self.path.open("rb") as file:
            yield from (frame for frame in FrameReader(file, str(self.path)) if frame.kind is kind)

    def _object(self, frame: Frame) -> dict[str, Any]:
        content: dict[str, Any] = self._decoded(frame, orjson.loads)
        return content

    def _decoded(self, frame: Frame, decode: Callable[[bytes], T]) -> T:
        try:
            return decode(frame.payload)
        except (ValueError, TypeError) as error:
            raise LedgerDamaged(
                f"{self.path} is damaged at byte {frame.offset}: the content cannot be read ({error})."
            ) from None
