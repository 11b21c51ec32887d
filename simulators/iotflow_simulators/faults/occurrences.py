"""Where and when faults occur."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.cycles import HOUR
from iotflow_simulators.randoms import Draws, Ints, device_keys, key
from iotflow_simulators.scenario.scenario import Fault, Scenario

MAX_OCCURRENCES = 1_000_000
_DEVICE_BITS = np.int64(40)


@dataclass(frozen=True, slots=True)
class Spans:
    """Time spans of devices, sorted by device, then by start; those of one device do not overlap.

    Shape (spans,) each. device: index into the fleet's devices. start, end: ms since the start.
    """

    device: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.device)

    def touch(self, first: int, last: int) -> bool:
        """Whether a span may overlap these times."""
        return bool(len(self)) and int(self.start.min()) <= last and int(self.end.max()) > first

    def find(self, device: Ints, at: Ints) -> "NDArray[np.intp]":
        """The index of the span that has each moment, or -1."""
        if not len(self):
            return np.full(len(device), -1, np.intp)
        begins = (self.device << _DEVICE_BITS) + self.start
        place = np.searchsorted(begins, (device << _DEVICE_BITS) + at, side="right") - 1
        inside = (place >= 0) & (self.device[place] == device) & (at < self.end[place])
        return np.where(inside, place, -1)


def occurrences(fault: Fault, scenario: Scenario) -> int:
    """How often the fault occurs at each affected device."""
    if not fault.rate:
        return 1
    return max(-(-scenario.duration // _slot(fault)), 1)


def affected(fault: Fault, scenario: Scenario, names: Sequence[Sequence[str]]) -> list[str]:
    """The devices with the fault. names: of the devices, by fleet. The choice depends on the names, and not on their order."""
    wanted = set(fault.devices)
    candidates = [
        name
        for fleet, members in zip(scenario.fleets, names, strict=True)
        if fault.fleet in ("", fleet.name)
        for name in members
        if not wanted or name in wanted
    ]
    count = max(int(np.rint(fault.share * len(candidates))), 1)
    if count == len(candidates):
        return candidates
    return sorted(candidates, key=lambda name: (key(scenario.seed, "affected", fault.name, name), name))[:count]


def spans(fault: Fault, scenario: Scenario, devices: Ints, names: Sequence[str]) -> Spans:
    """The occurrences at these devices. devices: sorted indices into the fleet, with their names."""
    if not fault.rate:
        last = min(fault.at + fault.lasting, scenario.duration) if fault.lasting else scenario.duration
        return Spans(devices, np.full(len(devices), fault.at, np.int64), np.full(len(devices), last, np.int64))
    count, slot = occurrences(fault, scenario), _slot(fault)
    place = np.repeat(np.arange(len(devices), dtype=np.int64), count)
    turn = np.tile(np.arange(count, dtype=np.int64), len(devices))
    draw = Draws(device_keys(scenario.seed, names), f"occurrences of {fault.name}")
    start = turn * slot + np.floor(draw.uniform(place, turn) * (slot - fault.lasting)).astype(np.int64)
    end = np.minimum(start + fault.lasting, scenario.duration)
    begun = start < scenario.duration
    return Spans(devices[place][begun], start[begun], end[begun])


def _slot(fault: Fault) -> int:
    """Random occurrences: one in each time of this length."""
    return max(int(HOUR / fault.rate), fault.lasting, 1)
