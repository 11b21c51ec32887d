"""A pass through a plan, window by window."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iotflow_simulators.faults.occurrences import affected
from iotflow_simulators.faults.placing import check_kept, check_outages, placed
from iotflow_simulators.generation.events import Event
from iotflow_simulators.generation.fleet_run import FleetRun, FleetWindow
from iotflow_simulators.generation.merge import merged
from iotflow_simulators.labels import Label
from iotflow_simulators.models.base import CommandResult
from iotflow_simulators.randoms import Ints
from iotflow_simulators.scenario.scenario import Fault, Scenario

if TYPE_CHECKING:
    from iotflow_simulators.plan import Plan

# A window has about this many readings, and at most this length in ms.
_READINGS_OF_WINDOW = 20_000
_LONGEST_WINDOW = 3_600_000
_SHORTEST_WINDOW = 100
# Of a configuration, in ms.
INTERVALS = (50, 86_400_000)


@dataclass(frozen=True, slots=True)
class Window:
    """What is due before `end`, in ms since the start, and not in an earlier window."""

    start: int
    end: int
    fleets: Sequence[FleetWindow]
    ranks: Ints

    @property
    def labels(self) -> list[Label]:
        """The labels of faults that begin in the window, and of readings that are measured in it."""
        return [label for fleet in self.fleets for label in fleet.labels]

    def events(self) -> list[Event]:
        """All events, in the order in which they are due."""
        return merged(self.fleets, self.ranks)


class Run:
    """A pass through a plan. It goes on by windows; commands and configurations change the readings after the last window."""

    def __init__(self, plan: "Plan", fleets: Sequence[FleetRun]) -> None:
        self.plan = plan
        self.position = 0
        self._fleets = fleets
        self._owners = {
            member: (fleet, place) for fleet in fleets for place, member in enumerate(fleet.context.members)
        }
        self._ranks = _ranks([device.name for device in plan.devices])

    @property
    def is_finished(self) -> bool:
        """Whether the end of the scenario is reached."""
        return self.position >= self.plan.scenario.duration

    def advance(self, end: int) -> Window:
        """The next window. end: in ms since the start, after the last window's. At the scenario's end, the window has what is due
        later too: readings that were kept or delayed."""
        start, self.position = self.position, end
        return Window(start, end, [fleet.advance(end) for fleet in self._fleets], self._ranks)

    def windows(self, length: int | None = None) -> Iterator[Window]:
        """All windows. length: in ms; None: chosen by the number of readings, for the best speed in bounded memory."""
        step = length or self._best_length()
        while not self.is_finished:
            yield self.advance(min(self.position + step, self.plan.scenario.duration))

    def events(self, length: int | None = None) -> Iterator[Event]:
        """All events of all devices, in the order in which they are due. Memory is bounded by one window and by what is late."""
        for window in self.windows(length):
            yield from window.events()

    def command(self, device: int, name: str, parameters: Mapping[str, Any]) -> CommandResult:
        """Let a device execute a command. device: index into the plan's devices."""
        fleet, place = self._owners[device]
        return fleet.model.command(place, name, parameters)

    def configure(self, device: int, desired: Mapping[str, Any]) -> dict[str, Any]:
        """Let a device follow its desired configuration. Returns what it reports: all settings that are in force. `interval_ms` is
        a setting of every device."""
        fleet, place = self._owners[device]
        wanted = desired.get("interval_ms")
        if isinstance(wanted, int) and not isinstance(wanted, bool) and INTERVALS[0] <= wanted <= INTERVALS[1]:
            fleet.set_interval(place, wanted)
        return {"interval_ms": fleet.interval(place), **fleet.model.configure(place, desired)}

    def set_rate(self, rate: float) -> None:
        """Change the rate of all readings after the last window, as a multiple of what the fleets' intervals give."""
        for fleet in self._fleets:
            fleet.set_rate(rate)

    def inject(self, fault: Fault) -> None:
        """Let a fault of the scenario's devices begin after the last window. fault: with `at` at `position`. Raises SimulationError."""
        scenario = self.plan.scenario
        names = set(affected(fault, scenario, self.plan.names))
        found = [(fleet, placed(fault, scenario, fleet.context, names)) for fleet in self._fleets]
        pairs = [(fleet, kind, fleet.outages.extended(kind.outages())) for fleet, kind in found if kind]
        for fleet, _, outages in pairs:
            check_outages(fleet.context.fleet, len(outages))
            check_kept(fleet.context.fleet, outages.most_kept(fleet.context.fleet.interval / fastest(scenario)))
        for fleet, kind, outages in pairs:
            fleet.inject(kind, outages, self.position)

    def _best_length(self) -> int:
        per_ms = sum(len(fleet.context.members) / fleet.context.fleet.interval for fleet in self._fleets)
        rate = fastest(self.plan.scenario)
        length = _READINGS_OF_WINDOW / (per_ms * rate) if per_ms else _LONGEST_WINDOW
        return int(min(max(length, _SHORTEST_WINDOW), _LONGEST_WINDOW))


def fastest(scenario: Scenario) -> float:
    """The highest rate, at least 1."""
    return max([1.0, *(max(stage.start, stage.end) for stage in scenario.stages)])


def _ranks(names: Sequence[str]) -> Ints:
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks
