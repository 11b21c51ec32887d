"""Scenarios of the tests, and what they send."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from iotflow_simulators.generation.digest import canonical
from iotflow_simulators.generation.events import Event, Reading
from iotflow_simulators.labels import Label
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.loader import loads
from iotflow_simulators.scenario.scenario import Scenario

# A Thursday in winter.
START = 1_768_435_200_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def one_fleet(
    model: str, *, devices: int = 3, interval: str = "10s", duration: str = "1h", more: str = "", faults: str = "[]"
) -> Scenario:
    """A scenario with one fleet, `dev`. more: keys of the fleet. faults: a YAML list."""
    return loads(
        f"name: test\nseed: 11\nduration: {duration}\nfaults: {faults}\n"
        f"fleets: [{{name: dev, model: {model}, devices: {devices}, interval: {interval}{more}}}]\n"
    )


def events(scenario: Scenario, devices: list[int] | None = None, length: int | None = None) -> list[Event]:
    """Everything that happens, in order."""
    return list(Plan(scenario).run(devices).events(length))


def labels(scenario: Scenario, length: int | None = None) -> list[Label]:
    """All labels, in order."""
    return [label for window in Plan(scenario).run().windows(length) for label in window.labels]


def readings(scenario: Scenario, device: int | None = None) -> list[Reading]:
    """All readings, or those of one device."""
    found = (event for event in events(scenario) if isinstance(event, Reading))
    return [reading for reading in found if device in (None, reading.device)]


def column(found: Iterable[Reading], name: str) -> list[Any]:
    """The values of one measurement."""
    return [reading.values[name] for reading in found]


def digest(scenario: Scenario, devices: list[int] | None = None, length: int | None = None) -> str:
    """The hash of all events in their order."""
    plan, state = Plan(scenario), sha256()
    for event in plan.run(devices).events(length):
        state.update(canonical(event, plan.devices[event.device].name))
    return state.hexdigest()
