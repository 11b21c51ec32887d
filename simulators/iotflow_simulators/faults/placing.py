"""Faults at the devices of a fleet, within what a run can hold."""

from collections.abc import Collection

import numpy as np

from iotflow_simulators import SimulationError
from iotflow_simulators.faults.base import FaultKind, FleetContext
from iotflow_simulators.faults.occurrences import MAX_OCCURRENCES, spans
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.scenario.scenario import Fault, Fleet, Scenario

# Readings of a fleet that wait while their devices are offline. They are held in memory.
MAX_KEPT = 5_000_000


def placed(fault: Fault, scenario: Scenario, context: FleetContext, affected: Collection[str]) -> FaultKind | None:
    """The fault at those devices of a fleet that have it; None where there are none. affected: names."""
    devices = [index for index, name in enumerate(context.names) if name in affected]
    if not devices:
        return None
    names = [context.names[index] for index in devices]
    return FAULTS[fault.kind](fault, spans(fault, scenario, np.array(devices, np.int64), names), context)


def most_outages(fault: FaultKind) -> int:
    """The most outages of a fault."""
    longest = int((fault.spans.end - fault.spans.start).max(initial=0))
    return len(fault.spans) * fault.outages_in(fault.fault, longest)


def check_outages(fleet: Fleet, outages: int) -> None:
    """Raise SimulationError where a fleet has too many outages."""
    if outages > MAX_OCCURRENCES:
        raise SimulationError(
            f"The devices of the fleet {fleet.name!r} disconnect more than {MAX_OCCURRENCES} times. "
            "Shorten the scenario, or lower the number of faults."
        )


def check_kept(fleet: Fleet, readings: int) -> None:
    """Raise SimulationError where devices keep too many readings."""
    if readings > MAX_KEPT:
        raise SimulationError(
            f"The devices of the fleet {fleet.name!r} keep up to {readings} readings while they are offline; at most {MAX_KEPT} "
            "are accepted. Lower `buffer`, `for` or `share` of its faults."
        )
