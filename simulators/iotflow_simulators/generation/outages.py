"""Times without a connection: what is lost, what is late, and when devices go and come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.faults.base import Outage
from iotflow_simulators.faults.occurrences import Spans
from iotflow_simulators.generation.events import Connect, ConnectionEvent, Disconnect, Reboot
from iotflow_simulators.generation.rows import Mask, Rows
from iotflow_simulators.randoms import Ints

_REBOOT = "reboot_loop"
# What outages make of devices. No other fault does.
OUTAGE_EVENTS = (Connect, Disconnect, Reboot)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Of each outage."""

    buffer: Ints
    batch: Ints
    spacing: Ints


class Outages:
    """All outages of a fleet's devices. Those of one device that overlap or touch are one."""

    def __init__(self, outages: Iterable[Outage]) -> None:
        ordered = sorted(outages, key=lambda one: (one.device, one.start, one.end, one.cause))
        self._ordered = ordered
        self._merged = _merged(ordered)
        self._down = _spans(self._merged)
        self._lost = _spans(_merged([one for one in ordered if one.lost]))
        self._numbers = _Numbers(
            np.array([one.buffer for one in self._merged], np.int64),
            np.array([one.batch for one in self._merged], np.int64),
            np.array([one.spacing for one in self._merged], np.int64),
        )
        self._kept = np.zeros(len(self._merged), np.int64)

    def __len__(self) -> int:
        return len(self._ordered)

    def extended(self, more: Iterable[Outage]) -> "Outages":
        """These and more. What devices keep in an outage that goes on counts in the one that it is part of."""
        found = Outages([*self._ordered, *more])
        place = found._down.find(self._down.device, self._down.start)
        np.add.at(found._kept, place, self._kept)
        return found

    def most_kept(self, interval: float) -> int:
        """The most readings that wait for the ends of outages at once. interval: the shortest, in ms."""
        kept = np.zeros(max((one.device for one in self._merged), default=-1) + 1, np.int64)
        lengths = self._down.end - self._down.start
        readings = np.minimum(np.ceil(lengths / interval).astype(np.int64), self._numbers.buffer)
        readings[[one.lost for one in self._merged]] = 0
        np.maximum.at(kept, self._down.device, readings)
        return int(kept.sum())

    def events(self, members: Sequence[int], end: int) -> list[ConnectionEvent]:
        """What the devices do. members: their indices into the plan's devices. end: of the scenario."""
        found: list[ConnectionEvent] = []
        off_at_first = {one.device for one in self._merged if one.start <= 0}
        found += [Connect(member, 0) for device, member in enumerate(members) if device not in off_at_first]
        for one in self._merged:
            member = members[one.device]
            if one.start > 0:
                is_reboot = one.cause == _REBOOT
                found.append(
                    Reboot(member, one.start) if is_reboot else Disconnect(member, one.start, one.cause, one.clean)
                )
            # Kept readings are sent after the end of the scenario; without them the device need not come back.
            if one.end < end or not one.lost:
                found.append(Connect(member, one.end))
        return found

    def without_lost(self, rows: Rows) -> Rows:
        """The rows that are measured: no device measures while it is off."""
        if not len(rows) or not self._lost.touch(int(rows.at.min()), int(rows.at.max())):
            return rows
        lost: Mask = self._lost.find(rows.device, rows.at) >= 0
        return rows.take(~lost) if lost.any() else rows

    def hold(self, rows: Rows) -> tuple[Rows, Mask]:
        """The rows, with those due in an outage due after it; and which of them are lost as the buffer is full."""
        full = np.zeros(len(rows), np.bool_)
        if not len(rows) or not self._down.touch(int(rows.due.min()), int(rows.due.max())):
            return rows, full
        rows = rows.take(np.lexsort((rows.due, rows.sequence, rows.at, rows.device)))
        # A row that is sent after one outage may be due in the next.
        while True:
            outage = self._down.find(rows.device, rows.due)
            held = np.flatnonzero((outage >= 0) & ~full)
            if not len(held):
                return rows, full
            self._delay(rows, held, outage[held], full)

    def _delay(self, rows: Rows, held: "NDArray[np.intp]", outage: "NDArray[np.intp]", full: Mask) -> None:
        number = self._kept[outage] + _ranks(outage)
        np.add.at(self._kept, outage, 1)
        numbers = self._numbers
        full[held] = number >= numbers.buffer[outage]
        rows.due[held] = self._down.end[outage] + number // numbers.batch[outage] * numbers.spacing[outage]


def _merged(ordered: Sequence[Outage]) -> list[Outage]:
    """The unions; the settings of a union are those of its first outage that keeps readings, its cause that of the first."""
    found: list[Outage] = []
    for _, outages in groupby(ordered, lambda one: one.device):
        run: list[Outage] = []
        for one in outages:
            if run and one.start > max(other.end for other in run):
                found.append(_union(run))
                run = []
            run.append(one)
        found.append(_union(run))
    return found


def _union(run: Sequence[Outage]) -> Outage:
    first = run[0]
    keeping = next((one for one in run if not one.lost), first)
    return Outage(
        first.device,
        first.start,
        max(one.end for one in run),
        first.cause,
        lost=all(one.lost for one in run),
        clean=first.clean,
        buffer=keeping.buffer,
        batch=keeping.batch,
        spacing=keeping.spacing,
    )


def _spans(outages: Sequence[Outage]) -> Spans:
    return Spans(
        np.array([one.device for one in outages], np.int64),
        np.array([one.start for one in outages], np.int64),
        np.array([one.end for one in outages], np.int64),
    )


def _ranks(groups: "NDArray[np.intp]") -> Ints:
    """The number of each entry within its group. Entries of a group need not be neighbours."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    is_first = np.ones(len(groups), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    firsts = np.flatnonzero(is_first)
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(firsts, np.diff([*firsts.tolist(), len(groups)]))
    return ranks
