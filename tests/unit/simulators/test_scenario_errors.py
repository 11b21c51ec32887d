"""Scenario files that are rejected: the error has file, line and path."""

from pathlib import Path

import pytest

from iotflow_simulators import presets
from iotflow_simulators.scenario.document import MAX_BYTES, ScenarioError
from iotflow_simulators.scenario.loader import load, loads

GOOD = """\
name: plant
duration: 10m
fleets:
  - name: rooms
    model: temperature
    devices: 3
    interval: 1s
  - name: meters
    model: energy
    devices: 2
    interval: 1s
faults:
  - kind: spikes
    fleet: rooms
    at: 1m
    for: 1m
"""
# What is replaced in the good file, by what, and the error without the name of the file.
CASES = [
    ("name: plant", "name: plant\nseeed: 1", "2: seeed: this key is unknown; did you mean `seed`?"),
    ("duration: 10m\n", "", "1: the key `duration` is missing."),
    (
        "duration: 10m",
        "duration: 10",
        "2: duration: a duration with its unit, such as `250ms`, `5s`, `10m`, `2h` or `1d`, is expected",
    ),
    ("duration: 10m", "duration: ten", "2: duration: `ten` is not a duration"),
    ("duration: 10m", "duration: 40d", "2: duration: `40d` is not from 1s to 31d."),
    ("duration: 10m", "duration: 10m\nduration: 5m", "3: the key `duration` occurs twice."),
    ("duration: 10m", "duration: 10m\nseed: -1", "3: seed: -1 is not from 0 to 9007199254740991."),
    ("duration: 10m", "duration: 10m\nseed: '1'", "3: seed: a whole number is expected here."),
    (
        "duration: 10m",
        "duration: 10m\nstart: 2026-02-30T00:00:00Z",
        "3: start: `2026-02-30T00:00:00Z` is not a date of the calendar.",
    ),
    ("duration: 10m", "duration: 10m\nstart: yesterday", "3: start: `yesterday` is not a time; write it as"),
    (
        "interval: 1s\n  - name",
        "interval: 1s\n    rotate_keys: 1\n  - name",
        "8: fleets[0].rotate_keys: a duration with",
    ),
    (
        "interval: 1s\n  - name",
        "interval: 1s\n    rotate_keys: 500ms\n  - name",
        "8: fleets[0].rotate_keys: `500ms` is not from 1s to 31d.",
    ),
    (
        "interval: 1s\n  - name",
        "interval: 1s\n    rotate_keys: 1h\n    door: {mqtt: 0.5, gateway: 0.5}\n  - name",
        "8: fleets[0].rotate_keys: devices of the door `gateway` use no key; put the others into a fleet of their own.",
    ),
    (
        "devices: 2\n    interval: 1s",
        "devices: 200\n    interval: 1s\n    rotate_keys: 2s",
        "12: fleets[1].rotate_keys: 100 keys are replaced in a second; at most 50 are accepted.",
    ),
    ("duration: 10m", "duration: 10m\nutc_offset: 2", "3: utc_offset: an offset such as `+02:00` is expected here."),
    (
        "duration: 10m",
        "duration: 10m\nschedule: {hours: [{from: 08:00, to: 08:00}]}",
        "3: schedule.hours[0]: `from` and `to` are equal",
    ),
    (
        "duration: 10m",
        "duration: 10m\nschedule: {hours: [{from: 25:00, to: 08:00}]}",
        "3: schedule.hours[0].from: `25:00` is not a time of day",
    ),
    (
        "duration: 10m",
        "duration: 10m\nschedule: {hours: []}",
        "3: schedule.hours: the list has 0 entries; 1 to 12 are accepted.",
    ),
    (
        "duration: 10m",
        "duration: 10m\nstages: [{from: 0, to: 11, over: 1m}]",
        "3: stages[0].to: 11 is not from 0 to 10.",
    ),
    (
        "duration: 10m",
        "duration: 10m\nstages: {from: 0}",
        "3: stages: a list (lines that begin with `-`, or `[a, b]`) is expected",
    ),
    ("devices: 3", "devices: 0", "6: fleets[0].devices: 0 is not from 1 to 100000."),
    ("devices: 3", "devices: 3.5", "6: fleets[0].devices: a whole number is expected here."),
    ("devices: 3", "devices: 99999", "4: fleets: the fleets have 100001 devices; at most 100000 are accepted."),
    ("model: energy", "model: enrgy", "9: fleets[1].model: `enrgy` is unknown; did you mean `energy`?"),
    ("model: energy", "model: 7", "9: fleets[1].model: a word is expected here."),
    (
        "    devices: 2\n",
        "    devices: 2\n    parameters: {peek: 5}\n",
        "11: fleets[1].parameters.peek: this key is unknown; did you mean `peak`?",
    ),
    (
        "    devices: 2\n",
        "    devices: 2\n    parameters: {peak: 0}\n",
        "11: fleets[1].parameters.peak: 0 is not from 1 to 1e+06.",
    ),
    (
        "    devices: 2\n",
        "    devices: 2\n    door: http\n",
        "11: fleets[1].door: `http` is unknown; known are `mqtt`, `mqtt5`, `rest`, `grpc`, `gateway`.",
    ),
    (
        "    devices: 2\n",
        "    devices: 2\n    door: {mqtt: 0.5}\n",
        "11: fleets[1].door: the shares have the sum 0.5; it must be 1.",
    ),
    (
        "    devices: 2\n",
        "    devices: 2\n    door: {http: 1}\n",
        "11: fleets[1].door.http: the key is not accepted; doors are mqtt",
    ),
    ("    devices: 2\n", "    devices: 2\n    names: same\n", "11: fleets[1].names: the pattern has no `{n}`"),
    (
        "    devices: 2\n",
        "    devices: 2\n    names: 'rooms-{n}'\n",
        "11: fleets[1].names: the fleet `rooms` has a device `rooms-1` too.",
    ),
    (
        "    devices: 2\n",
        "    devices: 2\n    names: 'a/{n}'\n",
        "11: fleets[1].names: `a/{n}` is not accepted; letters, digits",
    ),
    (
        "    devices: 2\n",
        "    devices: 2\n    metadata: {a-b: c}\n",
        "11: fleets[1].metadata.a-b: the key is not accepted; letters, digits and `_`",
    ),
    ("name: meters", "name: rooms", "8: fleets[1].name: two fleets are named `rooms`."),
    ("name: meters", "name: ''", "8: fleets[1].name: the text has 0 characters; 1 to 64 are accepted."),
    ("kind: spikes", "kind: spike", "13: faults[0].kind: `spike` is unknown; did you mean `spikes`?"),
    ("fleet: rooms", "fleet: room", "14: faults[0].fleet: there is no fleet `room`; did you mean `rooms`?"),
    ("fleet: rooms", "devices: [rooms-9]", "14: faults[0].devices: there is no device `rooms-9`; did you mean"),
    (
        "fleet: rooms",
        "fleet: rooms\n    devices: [meters-1]",
        "15: faults[0].devices: the device `meters-1` is not of the fleet `rooms`.",
    ),
    (
        "fleet: rooms",
        "fleet: rooms\n    parameters: {measurement: temprature}",
        "15: faults[0].parameters.measurement: no affected device has a fitting measurement `temprature`; did you mean `temperature`?",
    ),
    (
        "fleet: rooms",
        "fleet: rooms\n    parameters: {probability: yes}",
        "15: faults[0].parameters.probability: a number is expected here.",
    ),
    ("at: 1m", "at: 10m", "15: faults[0].at: the fault begins after the scenario's end."),
    ("at: 1m", "at: 1m\n    rate: 5", "16: faults[0].rate: `at` and `rate` exclude each other."),
    ("at: 1m\n    for: 1m", "rate: 5", "15: faults[0].rate: a fault with `rate` needs `for`."),
    (
        "at: 1m",
        "rate: 90",
        "15: faults[0].rate: the occurrences are longer than the time between them; lower `rate` or `for`.",
    ),
    ("kind: spikes", "kind: drift", "13: faults[0]: the key `parameters.per_hour` is missing."),
    (
        "kind: spikes",
        "kind: flapping\n    parameters: {down: 40s}",
        "13: faults[0]: `down` is not shorter than `every`.",
    ),
    (
        "kind: spikes",
        "kind: dead_battery\n    parameters: {decline: 2m}",
        "13: faults[0]: `decline` is not shorter than `for`.",
    ),
    (
        "kind: spikes",
        "kind: flood\n    parameters: {factor: 200}",
        "13: faults[0]: `factor` is above 100, which is the most for the interval of `rooms`.",
    ),
    (
        "    for: 1m\n",
        "    for: 1m\n    name: a\n  - {kind: stuck, name: a}\n",
        "18: faults[1]: two faults are named `a`.",
    ),
    ("name: plant", "name: [plant]", "1: name: a text (in quotes, where it looks like a number) is expected here."),
    ("name: plant", "name: &a plant", None),
    ("fleet: rooms", "fleet: *a", "14: aliases (`*a`) are not supported; repeat the value."),
    ("name: plant", "name: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "1: values are nested more than 16 levels deep."),
    ("name: plant", "name: 'plant", "17: this is not valid YAML:"),
    ("name: plant", "name: \u0000", "this is not valid YAML:"),
    ("name: plant", "[a]: plant", "1: a key must be a single word."),
]


@pytest.mark.parametrize(("old", "new", "error"), CASES)
def test_an_error_has_line_and_path(old: str, new: str, error: str | None) -> None:
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    if error is None:
        assert loads(text).name == "plant"
        return
    with pytest.raises(ScenarioError) as raised:
        loads(text, "plant.yaml")
    assert str(raised.value).startswith((f"plant.yaml:{error}", f"plant.yaml: {error}"))


def test_an_empty_file_and_a_large_file_are_rejected() -> None:
    with pytest.raises(ScenarioError, match=r"^e\.yaml: the file is empty\.$"):
        loads("", "e.yaml")
    with pytest.raises(ScenarioError, match=r"^e\.yaml:1: a mapping .* is expected here\.$"):
        loads("- a", "e.yaml")
    with pytest.raises(ScenarioError, match=f"larger than {MAX_BYTES} bytes"):
        loads("#" * (MAX_BYTES + 1))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xff")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        load(tmp_path / "latin.yaml")


def test_a_fault_that_occurs_too_often_is_rejected() -> None:
    text = GOOD.replace("devices: 3", "devices: 50000").replace("at: 1m", "rate: 1800").replace("for: 1m", "for: 1s")
    with pytest.raises(ScenarioError, match=r"faults\[0\]: the fault occurs about 15000000 times"):
        loads(text)


def test_an_unknown_preset_is_named_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="There is no preset `hom`; did you mean `home`?"):
        presets.preset("hom")


def test_names_of_devices_that_are_too_long_are_rejected() -> None:
    text = GOOD.replace("name: meters", "name: " + "m" * 60).replace(
        "devices: 2", "devices: 2\n    names: '{fleet}{fleet}{n}'"
    )
    with pytest.raises(ScenarioError, match=r"11: fleets\[1\]\.names: device names have more than 100 characters"):
        loads(text)
