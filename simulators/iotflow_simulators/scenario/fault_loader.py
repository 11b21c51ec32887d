"""Reads faults: those of a scenario file, and single ones for a run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from iotflow_simulators.faults.occurrences import MAX_OCCURRENCES, occurrences
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.scenario.document import Value, nearest, parse
from iotflow_simulators.scenario.fields import FAULT
from iotflow_simulators.scenario.scenario import Fault, Fleet, Scenario, device_names


def fault_of(text: str, name: str, scenario: Scenario) -> Fault:
    """The fault of a text, as an entry of `faults` has it. name: where the text has none. Raises ScenarioError."""
    value = parse(text, "fault")
    fault = _fault(value, FAULT.read(value), name, scenario)
    _check_targets(value, fault, scenario, _owners(scenario))
    return fault


def with_faults(value: Value, read: tuple[Any, ...], scenario: Scenario) -> Scenario:
    """The scenario with the faults of a list. Raises ScenarioError."""
    faults: list[Fault] = []
    devices = _owners(scenario)
    for item, one in zip(value.items(), read, strict=True):
        number = sum(fault.kind == one["kind"] for fault in faults) + 1
        fault = _fault(item, one, f"{one['kind']}-{number}", scenario)
        if any(other.name == fault.name for other in faults):
            raise item.error(f"two faults are named `{fault.name}`")
        _check_targets(item, fault, scenario, devices)
        faults.append(fault)
    return replace(scenario, faults=tuple(faults))


def _fault(value: Value, read: Mapping[str, Any], name: str, scenario: Scenario) -> Fault:
    given = value.fields()
    fault = Fault(
        kind=read["kind"],
        name=read["name"] or name,
        fleet=read["fleet"],
        devices=read["devices"],
        share=read["share"],
        at=read["at"] or 0,
        lasting=read["for"],
        rate=read["rate"],
        parameters=read["parameters"],
    )
    if fault.at >= scenario.duration:
        raise given["at"].error("the fault begins after the scenario's end")
    if fault.rate and "at" in given:
        raise given["rate"].error("`at` and `rate` exclude each other")
    if fault.rate and not fault.lasting:
        raise given["rate"].error("a fault with `rate` needs `for`")
    if fault.rate * fault.lasting > 3_600_000:
        raise given["rate"].error("the occurrences are longer than the time between them; lower `rate` or `for`")
    problem = FAULTS[fault.kind].check(fault)
    if problem:
        raise value.error(problem)
    return fault


def _check_targets(value: Value, fault: Fault, scenario: Scenario, devices: Mapping[str, Fleet]) -> None:
    """Raise ScenarioError where the fault does not fit its devices."""
    fleets = _targets(value, fault, scenario, devices)
    _check_measurement(value, fault, fleets)
    for fleet in fleets:
        problem = FAULTS[fault.kind].check_fleet(fault, fleet)
        if problem:
            raise value.error(problem)
    affected = fault.share * (len(fault.devices) or sum(fleet.devices for fleet in fleets))
    length = fault.lasting or scenario.duration
    count = occurrences(fault, scenario) * affected * FAULTS[fault.kind].outages_in(fault, length)
    if count > MAX_OCCURRENCES:
        raise value.error(f"the fault occurs about {count:.0f} times; at most {MAX_OCCURRENCES} are accepted")


def _targets(value: Value, fault: Fault, scenario: Scenario, devices: Mapping[str, Fleet]) -> list[Fleet]:
    """The fleets that the fault concerns. Raises ScenarioError where it names a fleet or a device that is not there."""
    given = value.fields()
    fleets = {fleet.name: fleet for fleet in scenario.fleets}
    if fault.fleet and fault.fleet not in fleets:
        raise given["fleet"].error(f"there is no fleet `{fault.fleet}`; {nearest(fault.fleet, list(fleets))}")
    targets = {fault.fleet} if fault.fleet else set(fleets)
    for name in fault.devices:
        if name not in devices:
            raise given["devices"].error(f"there is no device `{name}`; {_nearest_device(name, devices)}")
        if devices[name].name not in targets:
            raise given["devices"].error(f"the device `{name}` is not of the fleet `{fault.fleet}`")
    if fault.devices:
        targets = {devices[name].name for name in fault.devices}
    return [fleets[name] for name in sorted(targets)]


def _nearest_device(name: str, devices: Mapping[str, Fleet]) -> str:
    return nearest(name, list(devices)) if len(devices) <= 20 else "names come from `names` of the fleets"


def _check_measurement(value: Value, fault: Fault, fleets: list[Fleet]) -> None:
    name = fault.parameters.get("measurement", "")
    if not name:
        return
    known: dict[str, None] = {}
    for fleet in fleets:
        found = MODELS[fleet.model].measurements(fleet.parameters)
        known |= dict.fromkeys(one.name for one in found if FAULTS[fault.kind].accepts(one))
    if name not in known:
        place = value.fields()["parameters"].fields()["measurement"]
        raise place.error(f"no affected device has a fitting measurement `{name}`; {nearest(name, list(known))}")


def _owners(scenario: Scenario) -> dict[str, Fleet]:
    """The fleet of each device."""
    return {name: fleet for fleet in scenario.fleets for name in device_names(fleet)}
