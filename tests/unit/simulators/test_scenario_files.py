"""Scenario files that are accepted, their schema, and the presets."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from iotflow_simulators import presets
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.document import ScenarioError, parse
from iotflow_simulators.scenario.json_schema import schema
from iotflow_simulators.scenario.loader import load, loads
from iotflow_simulators.scenario.scenario import Door, Hours, Schedule, Stage, device_names
from tests.unit.simulators.scenarios import HOUR, MINUTE
from tests.unit.simulators.test_scenario_errors import CASES, GOOD

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/simulators.md").read_text()
VALIDATOR = jsonschema.Draft202012Validator(schema())
COUNTS = {
    "home": {"temperature": 3, "door_lock": 2, "camera": 2, "air_quality": 1, "thermostat": 1},
    "office": {"temperature": 5, "door_lock": 3, "camera": 4, "air_quality": 2, "thermostat": 2},
    "factory": {"temperature": 10, "door_lock": 5, "camera": 8, "air_quality": 4, "thermostat": 3},
    "thingsboard-b": {"basic": 5_000},
}
FULL = """\
name: full
seed: 9
start: 2026-07-01T12:00:00Z
duration: 1.5h
utc_offset: "-03:30"
schedule:
  hours: [{from: 22:00, to: 06:00}]
  days: [mon, sun]
stages:
  - {from: 0, to: 2.5, over: 90s}
fleets:
  - name: a
    model: basic
    devices: 12
    names: "{fleet}.{n:03}.x"
    door: {mqtt: 0.25, rest: 0.75}
    interval: 250ms
    parameters: {base: -5, battery: false}
    metadata: {site: "7"}
    schedule: {hours: [{from: 00:00, to: 24:00}]}
faults:
  - {kind: stuck, name: jam, devices: [a.001.x], share: 0.5, at: 10s, for: 1m}
"""


def plain(text: str) -> Any:
    """The file as JSON, by the rules of YAML 1.2."""
    parse(text, "file")
    loader = yaml.BaseLoader(text)
    return _plain(loader.get_single_node())


def _plain(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    is_plain = node.style is None
    if is_plain and re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", node.value):
        return json.loads(node.value.lstrip("+"))
    return node.value == "true" if is_plain and node.value in ("true", "false") else node.value


def test_every_key_is_read() -> None:
    scenario = loads(FULL)
    fleet, fault = scenario.fleets[0], scenario.faults[0]
    assert (scenario.seed, scenario.start, scenario.duration) == (9, 1_782_907_200_000, 90 * MINUTE)
    assert scenario.utc_offset == -(3 * HOUR + 30 * MINUTE)
    assert scenario.schedule == Schedule((Hours(22 * HOUR, 6 * HOUR),), (0, 6))
    assert scenario.stages == (Stage(0, 2.5, 90_000),)
    assert device_names(fleet)[::11] == ["a.001.x", "a.012.x"]
    assert fleet.doors == {Door.MQTT: 0.25, Door.REST: 0.75}
    assert (fleet.interval, fleet.metadata, fleet.schedule) == (250, {"site": "7"}, Schedule((Hours(0, 24 * HOUR),)))
    assert fleet.parameters == {"base": -5, "amplitude": 4.0, "period": 24 * HOUR, "noise": 0.1, "battery": False}
    assert (fault.name, fault.devices, fault.share, fault.at, fault.lasting) == (
        "jam",
        ("a.001.x",),
        0.5,
        10_000,
        60_000,
    )


def test_defaults_are_those_of_the_reference() -> None:
    scenario = loads("name: a\nduration: 1m\nfleets: [{name: b, model: gps, devices: 2}]\n")
    assert (scenario.seed, scenario.start) == (1, 1_768_435_200_000)
    fleet = scenario.fleets[0]
    assert device_names(fleet) == ["b-1", "b-2"]
    assert (fleet.interval, fleet.doors) == (5_000, {Door.MQTT: 1.0})


def test_the_shares_of_doors_are_exact() -> None:
    doors = [device.door for device in Plan(loads(FULL)).devices]
    assert {door: doors.count(door) for door in doors} == {Door.MQTT: 3, Door.REST: 9}


@pytest.mark.parametrize("name", COUNTS)
def test_a_preset_has_its_devices(name: str) -> None:
    found: dict[str, int] = {}
    for fleet in presets.preset(name).fleets:
        found[fleet.model] = found.get(fleet.model, 0) + fleet.devices
    assert found == COUNTS[name]


def test_the_home_has_three_places() -> None:
    fleets = [fleet for fleet in presets.preset("home").fleets if fleet.model == "temperature"]
    assert [fleet.parameters["place"] for fleet in fleets] == ["indoor", "outdoor", "basement"]


def test_the_reference_of_thingsboard_sends_three_values_a_second_over_mqtt() -> None:
    scenario = presets.preset("thingsboard-b")
    fleet = scenario.fleets[0]
    assert (fleet.interval, fleet.doors, scenario.duration) == (1_000, {Door.MQTT: 1.0}, 10 * MINUTE)
    assert len(Plan(scenario).measurements(0)) == 3


def test_the_test_suite_has_every_model_and_every_fault() -> None:
    text = presets.text("test_suite")
    assert {fleet.model for fleet in presets.preset("test_suite").fleets} == set(MODELS)
    kinds = schema()["properties"]["faults"]["items"]["properties"]["kind"]["enum"]
    assert [kind for kind in kinds if f"kind: {kind}," not in text] == []


def test_a_custom_scenario_has_the_devices_asked_for() -> None:
    scenario = presets.custom({"temperature": 5, "camera": 3, "thermostat": 0}, seconds=30, interval=2, seed=4)
    assert [(fleet.model, fleet.devices, fleet.interval) for fleet in scenario.fleets] == [
        ("temperature", 5, 2_000),
        ("camera", 3, 2_000),
    ]
    assert (scenario.duration, scenario.seed) == (30_000, 4)
    with pytest.raises(ScenarioError, match="0 entries"):
        presets.custom({"camera": 0})


def test_interval_and_door_can_be_replaced() -> None:
    scenario = presets.preset("home").with_interval(1_000).with_door(Door.GRPC)
    assert {(fleet.interval, *fleet.doors) for fleet in scenario.fleets} == {(1_000, Door.GRPC)}


@pytest.mark.parametrize("name", presets.names())
def test_the_schema_accepts_the_presets(name: str) -> None:
    VALIDATOR.validate(plain(presets.text(name)))


@pytest.mark.parametrize("text", [FULL, GOOD])
def test_the_schema_accepts_what_the_loader_accepts(text: str) -> None:
    VALIDATOR.validate(plain(text))


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


SEEN_BY_THE_SCHEMA = ("is unknown", "is missing", "is not from", "is expected", "entries", "characters", "not accepted")
BEYOND_THE_SCHEMA = ("`40d`", "`500ms`", "a key must be")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (old, new)
        for old, new, error in CASES
        if error
        and any(words in error for words in SEEN_BY_THE_SCHEMA)
        and not any(one in error for one in BEYOND_THE_SCHEMA)
    ],
)
def test_the_schema_rejects_wrong_keys_types_and_ranges(old: str, new: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(plain(GOOD.replace(old, new, 1)))


def test_the_tables_and_the_published_schema_are_current() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tools.scenario_reference", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_the_scenario_of_the_page_is_accepted(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "building.yaml").write_text(blocks[0])
    assert load(tmp_path / "building.yaml").devices == 44
    bad = blocks[0].replace("devices: 40", "devices: 0")
    message = re.findall(r"```console\n(building.*?)\n```", PAGE)[0]
    with pytest.raises(ScenarioError) as raised:
        loads(bad, "building.yaml")
    assert str(raised.value) == message


def test_the_programs_of_the_page_print_what_it_shows() -> None:
    blocks = re.findall(r"```python\n(.*?)```\n```(?:csv|json)\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    for program, output in blocks:
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert run.stdout == output
