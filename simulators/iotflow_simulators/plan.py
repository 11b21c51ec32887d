"""A scenario as a plan: its devices, and what is due when. The same scenario gives the same plan on any machine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_simulators.faults.base import FaultKind, FleetContext, Outage
from iotflow_simulators.faults.occurrences import affected
from iotflow_simulators.faults.placing import check_kept, check_outages, most_outages, placed
from iotflow_simulators.generation.fleet_run import FleetRun
from iotflow_simulators.generation.outages import Outages
from iotflow_simulators.generation.rotation_schedule import RotationSchedule
from iotflow_simulators.generation.run import Run, fastest
from iotflow_simulators.generation.schedule import off_times
from iotflow_simulators.models.base import Measurement, Site
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.randoms import device_keys, key
from iotflow_simulators.scenario.scenario import Door, Fleet, Scenario, device_names


@dataclass(frozen=True, slots=True)
class Device:
    """A simulated device. index: its place in Plan.devices."""

    index: int
    name: str
    fleet: Fleet
    door: Door


class Plan:
    """The devices of a scenario, and the faults of each."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        # By fleet.
        self.names = [device_names(fleet) for fleet in scenario.fleets]
        self.devices = [
            Device(index, name, fleet, door)
            for index, (name, fleet, door) in enumerate(_with_doors(scenario, self.names))
        ]
        self._affected = [set(affected(fault, scenario, self.names)) for fault in scenario.faults]

    def measurements(self, device: int) -> tuple[Measurement, ...]:
        """What the readings of a device have."""
        fleet = self.devices[device].fleet
        return MODELS[fleet.model].measurements(fleet.parameters)

    def run(self, devices: Sequence[int] | None = None) -> Run:
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
        check_outages(fleet, len(off) * len(members) + sum(most_outages(fault) for fault in faults))
        outages = [outage for fault in faults for outage in fault.outages()]
        outages += [
            Outage(device, begin, end, "schedule", lost=True, clean=True)
            for begin, end in off
            for device in range(len(members))
        ]
        united = Outages(outages)
        check_kept(fleet, united.most_kept(fleet.interval / fastest(scenario)))
        site = Site(scenario.start, scenario.utc_offset)
        rotations = self._rotations(context) if fleet.rotate_keys else None
        return FleetRun(scenario, context, model(fleet.parameters, keys, site), faults, united, rotations)

    def _rotations(self, context: FleetContext) -> RotationSchedule:
        """Devices behind a gateway use no key."""
        chosen = [place for place, index in enumerate(context.members) if self.devices[index].door is not Door.GATEWAY]
        members = [context.members[place] for place in chosen]
        return RotationSchedule(context.keys[chosen], members, context.fleet.rotate_keys)

    def _faults(self, context: FleetContext) -> list[FaultKind]:
        pairs = zip(self.scenario.faults, self._affected, strict=True)
        found = (placed(fault, self.scenario, context, names) for fault, names in pairs)
        return [fault for fault in found if fault is not None]


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
