"""The acknowledged values of a device, and their comparison with the stored ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import time as now
from typing import Any

from tests.faults.readings import MEASUREMENTS, Piece, values

# Values by measurement and time.
Stored = dict[str, dict[int, Any]]


@dataclass(slots=True)
class Verdict:
    """acknowledged: number of values that must be stored. The others are lists of (device, measurement, time): values that are missing;
    values that are wrong; values that were never sent, or were deleted."""

    acknowledged: int = 0
    lost: list[tuple[int, str, int]] = field(default_factory=list)
    wrong: list[tuple[int, str, int]] = field(default_factory=list)
    unexpected: list[tuple[int, str, int]] = field(default_factory=list)

    def __str__(self) -> str:
        found = (f"{len(where)} {what}: {sorted(where)[:5]} …" for what, where in self._faults)
        return f"{self.acknowledged} values acknowledged; " + "; ".join(found)

    @property
    def is_good(self) -> bool:
        return not any(where for _, where in self._faults)

    @property
    def _faults(self) -> list[tuple[str, list[tuple[int, str, int]]]]:
        return [("lost", self.lost), ("wrong", self.wrong), ("unexpected", self.unexpected)]


class Ledger:
    """The batches of one device in the order of sending. An acknowledged value must be stored, unless a later
    one replaced it; an unacknowledged value may be stored."""

    def __init__(self, device_id: int) -> None:
        self.device_id = device_id
        self._sent: list[Piece | range] = []
        # When each of them was sent, and when a number was acknowledged: seconds since 1970 UTC.
        self._sent_at: list[float] = []
        self._acknowledged: dict[int, float] = {}

    def sent(self, piece: Piece) -> None:
        self._add(piece)

    def acknowledged(self, numbers: Iterable[int]) -> None:
        self._acknowledged.update(dict.fromkeys(numbers, now()))

    def deleted(self, times: range) -> None:
        """Record a deletion: no value sent before may be stored within these times."""
        self._add(times)

    def as_of(self, stamp: float, end: float) -> "Ledger":
        """The ledger of a copy: what was acknowledged before the stamp must be in it, what was sent before the end may be."""
        copy = Ledger(self.device_id)
        copy._sent = [item for item, at in zip(self._sent, self._sent_at, strict=True) if at < end]
        copy._acknowledged = {number: at for number, at in self._acknowledged.items() if at < stamp}
        return copy

    @property
    def has_acknowledged(self) -> bool:
        """Whether any batch was acknowledged."""
        return bool(self._acknowledged)

    def _add(self, item: Piece | range) -> None:
        self._sent.append(item)
        self._sent_at.append(now())

    def judge(self, stored: Stored, verdict: Verdict) -> None:
        """Compare the stored values of the device, and add the result to the verdict."""
        for measurement in {*MEASUREMENTS, *stored}:
            self._judge(measurement, stored.get(measurement, {}), verdict)

    def _judge(self, measurement: str, stored: dict[int, Any], verdict: Verdict) -> None:
        promised, possible = self._promises(measurement)
        verdict.acknowledged += len(promised)
        for time in stored:
            if time not in promised and time not in possible:
                verdict.unexpected.append((self.device_id, measurement, time))
        for time in {*promised, *possible}:
            where = (self.device_id, measurement, time)
            allowed = [*possible.get(time, []), *([promised[time]] if time in promised else [])]
            if time not in stored:
                verdict.lost += [where] if time in promised else []
            elif stored[time] not in allowed:
                verdict.wrong.append(where)

    def _promises(self, measurement: str) -> tuple[dict[int, Any], dict[int, list[Any]]]:
        """By time: the last acknowledged value, and later values that were not acknowledged."""
        promised: dict[int, Any] = {}
        possible: dict[int, list[Any]] = {}
        for item in self._sent:
            if isinstance(item, range):
                for kept in (promised, possible):
                    for time in [time for time in kept if time in item]:
                        del kept[time]
                continue
            for time, value in _values(item, measurement):
                if item.number in self._acknowledged:
                    promised[time] = value
                    possible.pop(time, None)
                else:
                    possible.setdefault(time, []).append(value)
        return promised, possible


def _values(piece: Piece, measurement: str) -> Iterable[tuple[int, Any]]:
    """The values by time; the last one of each time counts."""
    if measurement not in MEASUREMENTS:
        return ()
    column = values(measurement, piece.device_id, piece.times, piece.number)
    present = zip(piece.times.tolist(), column.tolist(), strict=True)
    return {time: value for time, value in present if value is not None}.items()
