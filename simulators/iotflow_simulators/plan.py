"""A scenario as a plan: its devices, and what is due when. The same scenario gives the same plan on any machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iotflow_simulators import SimulationError
from iotflow_simulators.faults.base import FaultKind, FleetContext, Outage
from iotflow_simulators.faults.occurrences import MAX_OCCURRENCES, affected, spans
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.generation.events import Event
from iotflow_simulators.generation.fleet_run import FleetRun, FleetWindow
from iotflow_simulators.generation.merge import merged
from iotflow_simulators.generation.outages import Outages
from iotflow_simulators.generation.schedule import off_times
from iotflow_simulators.labels import Label
from iotflow_simulators.models.base import CommandResult, Measurement, Site
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.randoms import Ints, device_keys, key
from iotflow_simulators.scenario.scenario import Door, Fleet, Scenario, device_names

# A window has about this many readings, and at most this length in ms.
_READINGS_OF_WINDOW = 20_000
_LONGEST_WINDOW = 3_600_000
_SHORTEST_WINDOW = 100
# Readings of a fleet that wait while their devices are offline. They are held in memory.
MAX_KEPT = 5_000_000
INTERVALS = (50, 86_400_000)


@dataclass(frozen=True, slots=True)
class Device:
    """A simulated device. index: its place in Plan.devices."""

    index: int
    name: str
    fleet: Fleet
    door: Door


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


class Plan:
    """The devices of a scenario, and the faults of each."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._names = [device_names(fleet) for fleet in scenario.fleets]
        self.devices = [
            Device(index, name, fleet, door)
            for index, (name, fleet, door) in enumerate(_with_doors(scenario, self._names))
        ]
        self._affected = [set(affected(fault, scenario, self._names)) for fault in scenario.faults]

    def measurements(self, device: int) -> tuple[Measurement, ...]:
        """What the readings of a device have."""
        fleet = self.devices[device].fleet
        return MODELS[fleet.model].measurements(fleet.parameters)

    def run(self, devices: Sequence[int] | None = None) -> "Run":
        """A run from the start. devices: only these; what they do does not depend on the others."""
        chosen = range(len(self.devices)) if devices is None else sorted(set(devices))
        runs = []
        for fleet in self.scenario.fleets:
            members = [index for index in chosen if self.devices[index].fleet is fleet]
            if members:
                runs.append(self._fleet_run(fleet, members))
        return Run(self, runs)

    def _fleet_run(self, fleet: Fleet, members: list[int]) -> FleetRun:
        scenario, names = self.scenario, [self.devices[index].name for index in members]
        keys, model = device_keys(scenario.seed, names), MODELS[fleet.model]
        measurements = model.measurements(fleet.parameters)
        context = FleetContext(fleet, names, members, keys, measurements, scenario.start)
        faults = self._faults(context)
        off = off_times(scenario, fleet)
        most = len(off) * len(members) + sum(_outages_of(fault) for fault in faults)
        if most > MAX_OCCURRENCES:
            raise SimulationError(
                f"The devices of the fleet {fleet.name!r} disconnect more than {MAX_OCCURRENCES} times. "
                "Shorten the scenario, or lower the number of faults."
            )
        outages = [outage for fault in faults for outage in fault.outages()]
        outages += [
            Outage(device, begin, end, "schedule", lost=True, clean=True)
            for begin, end in off
            for device in range(len(members))
        ]
        united = Outages(outages)
        kept = united.most_kept(fleet.interval / _fastest(scenario))
        if kept > MAX_KEPT:
            raise SimulationError(
                f"The devices of the fleet {fleet.name!r} keep up to {kept} readings while they are offline; at most {MAX_KEPT} "
                "are accepted. Lower `buffer`, `for` or `share` of its faults."
            )
        site = Site(scenario.start, scenario.utc_offset)
        return FleetRun(scenario, context, model(fleet.parameters, keys, site), faults, united)

    def _faults(self, context: FleetContext) -> list[FaultKind]:
        found = []
        for fault, names in zip(self.scenario.faults, self._affected, strict=True):
            devices = [index for index, name in enumerate(context.names) if name in names]
            if devices:
                chosen = [context.names[index] for index in devices]
                place = spans(fault, self.scenario, np.array(devices, np.int64), chosen)
                found.append(FAULTS[fault.kind](fault, place, context))
        return found


class Run:
    """A pass through a plan. It goes on by windows; commands and configurations change the readings after the last window."""

    def __init__(self, plan: Plan, fleets: Sequence[FleetRun]) -> None:
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

    def _best_length(self) -> int:
        per_ms = sum(len(fleet.context.members) / fleet.context.fleet.interval for fleet in self._fleets)
        fastest = _fastest(self.plan.scenario)
        length = _READINGS_OF_WINDOW / (per_ms * fastest) if per_ms else _LONGEST_WINDOW
        return int(min(max(length, _SHORTEST_WINDOW), _LONGEST_WINDOW))


def _with_doors(scenario: Scenario, names: Sequence[Sequence[str]]) -> Iterator[tuple[str, Fleet, Door]]:
    """The devices with their doors. The shares are exact; which device gets which door depends on its name."""
    for fleet, members in zip(scenario.fleets, names, strict=True):
        shuffled = sorted(members, key=lambda name: (key(scenario.seed, "door", name), name))
        doors: dict[str, Door] = {}
        total, begin = 0.0, 0
        for door, share in sorted(fleet.doors.items()):
            total += share
            end = int(np.rint(total * len(members)))
            doors |= dict.fromkeys(shuffled[begin:end], door)
            begin = end
        last = max(fleet.doors)
        yield from ((name, fleet, doors.get(name, last)) for name in members)


def _fastest(scenario: Scenario) -> float:
    """The highest rate, at least 1."""
    return max([1.0, *(max(stage.start, stage.end) for stage in scenario.stages)])


def _outages_of(fault: FaultKind) -> int:
    """The most outages of a fault."""
    longest = int((fault.spans.end - fault.spans.start).max(initial=0))
    return len(fault.spans) * fault.outages_in(fault.fault, longest)


def _ranks(names: Sequence[str]) -> Ints:
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks
