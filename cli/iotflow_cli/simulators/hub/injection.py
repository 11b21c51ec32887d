"""The fault of a command: KIND DEVICE [for=TIME] [PARAMETER=VALUE …]."""

import json
import re
from collections.abc import Sequence

from iotflow_simulators import SimulationError
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.scenario.document import ScenarioError
from iotflow_simulators.scenario.fault_loader import fault_of
from iotflow_simulators.scenario.scenario import Fault, Scenario
from iotflow_simulators.scenario.structures import ListOf

_KEY = re.compile(r"[a-z_]{1,32}")
_VALUE = re.compile(r"[A-Za-z0-9_.+,-]{1,100}")
_PLAIN = re.compile(r"true|false|[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_PLACE = "fault:1: "


def injected(kind: str, device: str, settings: Sequence[str], number: int, scenario: Scenario) -> Fault:
    """The fault, checked as in a scenario file. settings: KEY=VALUE. number: of the command. Raises SimulationError."""
    keys = {"kind": json.dumps(kind), "devices": f"[{json.dumps(device)}]"}
    parameters: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise SimulationError(f"{setting[:60]!r} is not a setting such as for=30s or probability=0.5.")
        if key in keys or key in parameters:
            raise SimulationError(f"{key} is stated twice.")
        (keys if key == "for" else parameters)[key] = _list(value) if _takes_list(kind, key) else _scalar(value)
    if parameters:
        keys["parameters"] = _mapping(parameters)
    try:
        return fault_of(_mapping(keys), f"injected-{number}", scenario)
    except ScenarioError as error:
        raise SimulationError(str(error).removeprefix(_PLACE)) from None


def _mapping(keys: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def _takes_list(kind: str, parameter: str) -> bool:
    known = FAULTS[kind].parameters if kind in FAULTS else {}
    return parameter in known and isinstance(known[parameter].kind, ListOf)


def _list(value: str) -> str:
    return "[" + ", ".join(map(_scalar, value.split(","))) + "]"


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
