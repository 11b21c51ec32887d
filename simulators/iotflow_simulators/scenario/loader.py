"""Reads scenario files. An error has file, line and path of the value."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from iotflow_simulators.scenario.document import ScenarioError, Value, parse
from iotflow_simulators.scenario.fault_loader import with_faults
from iotflow_simulators.scenario.fields import MAX_DEVICES, MAX_ROTATIONS, SCENARIO
from iotflow_simulators.scenario.scenario import (
    DAYS,
    Door,
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
    return with_faults(given["faults"], read["faults"], scenario)


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
        rotate_keys=read["rotate_keys"],
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
    _check_rotations(value, scenario)
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


def _check_rotations(value: Value, scenario: Scenario) -> None:
    """Raise ScenarioError where devices without a key would replace it, or too many keys are replaced."""
    rotations = 0.0
    for item, fleet in zip(value.items(), scenario.fleets, strict=True):
        if not fleet.rotate_keys:
            continue
        given = item.fields()["rotate_keys"]
        if Door.GATEWAY in fleet.doors:
            raise given.error("devices of the door `gateway` use no key; put the others into a fleet of their own")
        rotations += fleet.devices * 1_000 / fleet.rotate_keys
        if rotations > MAX_ROTATIONS:
            raise given.error(f"{rotations:.0f} keys are replaced in a second; at most {MAX_ROTATIONS} are accepted")
