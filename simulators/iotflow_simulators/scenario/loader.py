"""Reads scenario files. An error has file, line and path of the value."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from iotflow_simulators.faults.occurrences import MAX_OCCURRENCES, occurrences
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.scenario.document import ScenarioError, Value, nearest, parse
from iotflow_simulators.scenario.fields import MAX_DEVICES, SCENARIO
from iotflow_simulators.scenario.scenario import (
    DAYS,
    Door,
    Fault,
    Fleet,
    Hours,
    Scenario,
    Schedule,
    Stage,
    device_name,
    device_names,
)

LONGEST_NAME = 100
T = TypeVar("T")


def load(path: Path) -> Scenario:
    """The scenario of a file. Raises ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: this is not UTF-8 text.") from None
    return loads(text, str(path))


def loads(text: str, file: str = "scenario") -> Scenario:
    """The scenario of a text. file: named in errors. Raises ScenarioError."""
    root = parse(text, file)
    read = SCENARIO.read(root)
    given = root.fields()
    scenario = Scenario(
        name=read["name"],
        seed=read["seed"],
        start=read["start"],
        duration=read["duration"],
        utc_offset=read["utc_offset"],
        fleets=_each(given["fleets"], read["fleets"], _fleet),
        schedule=_schedule(given.get("schedule"), read["schedule"]),
        stages=tuple(Stage(one["from"], one["to"], one["over"]) for one in read["stages"]),
        faults=(),
    )
    _check_fleets(given["fleets"], scenario)
    if not read["faults"]:
        return scenario
    return _with_faults(given["faults"], read["faults"], scenario)


def _each(value: Value, read: tuple[Any, ...], convert: Callable[[Value, Any], T]) -> tuple[T, ...]:
    return tuple(convert(item, one) for item, one in zip(value.items(), read, strict=True))


def _fleet(value: Value, read: Mapping[str, Any]) -> Fleet:
    given = value.fields()
    return Fleet(
        name=read["name"],
        model=read["model"],
        devices=read["devices"],
        names=read["names"],
        doors=_doors(given.get("door", value), read["door"]),
        interval=read["interval"],
        parameters=read["parameters"],
        metadata=read["metadata"],
        schedule=_schedule(given.get("schedule"), read["schedule"]),
    )


def _doors(value: Value, read: str | Mapping[str, float]) -> dict[Door, float]:
    shares = {read: 1.0} if isinstance(read, str) else dict(read)
    total = sum(shares.values())
    if not 0.999 <= total <= 1.001:
        raise value.error(f"the shares have the sum {total:g}; it must be 1")
    return {Door(name): share for name, share in shares.items() if share > 0}


def _schedule(value: Value | None, read: Mapping[str, Any] | None) -> Schedule | None:
    if value is None or read is None:
        return None
    hours = tuple(Hours(one["from"], one["to"]) for one in read["hours"])
    for item, one in zip(value.fields()["hours"].items(), hours, strict=True):
        if one.start == one.end:
            raise item.error("`from` and `to` are equal; from 00:00 to 24:00 is the whole day")
    return Schedule(hours, tuple(DAYS.index(day) for day in read["days"]))


def _check_fleets(value: Value, scenario: Scenario) -> None:
    """Raise ScenarioError where names are not unique, or devices too many."""
    if scenario.devices > MAX_DEVICES:
        raise value.error(f"the fleets have {scenario.devices} devices; at most {MAX_DEVICES} are accepted")
    owners: dict[str, str] = {}
    for place, (item, fleet) in enumerate(zip(value.items(), scenario.fleets, strict=True)):
        given = item.fields()
        if any(one.name == fleet.name for one in scenario.fleets[:place]):
            raise given["name"].error(f"two fleets are named `{fleet.name}`")
        names = given.get("names", item)
        if fleet.devices > 1 and "{n" not in fleet.names:
            raise names.error("the pattern has no `{n}`, so that all devices have one name")
        if len(device_name(fleet, fleet.devices)) > LONGEST_NAME:
            raise names.error(f"device names have more than {LONGEST_NAME} characters")
        for name in device_names(fleet):
            if owners.setdefault(name, fleet.name) != fleet.name:
                raise names.error(f"the fleet `{owners[name]}` has a device `{name}` too")


def _with_faults(value: Value, read: tuple[Any, ...], scenario: Scenario) -> Scenario:
    faults: list[Fault] = []
    devices = {name: fleet for fleet in scenario.fleets for name in device_names(fleet)}
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
