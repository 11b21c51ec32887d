"""The same scenario gives the same events, byte for byte: with other windows, fleets, doors, and on other machines."""

import functools
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iotflow_simulators import presets
from iotflow_simulators.generation.digest import ReadingsDigest
from iotflow_simulators.generation.events import Connect, Event, Reading
from iotflow_simulators.labels import label_lines
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.scenario import Door, Scenario
from tests.unit.simulators.scenarios import digest, events, labels, one_fleet
from tests.unit.simulators.test_faults import FAULTY, faulty

# Written once. A change of a hash is a change of every recorded scenario: name it in the changelog.
ROOT = Path(__file__).resolve().parents[3]
GOLDEN_FILE = Path(__file__).with_name("golden.json")
GOLDEN: dict[str, str] = json.loads(GOLDEN_FILE.read_text())
GOLDEN_SCENARIOS: dict[str, Scenario] = {
    **{f"model {name}": one_fleet(name, interval="7m", duration="2d") for name in MODELS},
    **{f"fault {kind}": faulty(kind) for kind in FAULTY},
    "preset test_suite": presets.preset("test_suite"),
}
SUITE = presets.preset("test_suite")


def played(length: int | None) -> tuple[list[Event], list[bytes]]:
    """The events of the preset in their order, and its labels, sorted."""
    windows = list(Plan(SUITE).run().windows(length))
    lines = [label_lines([label]) for window in windows for label in window.labels]
    return [event for window in windows for event in window.events()], sorted(lines)


@functools.cache
def of_the_suite() -> tuple[list[Event], list[bytes]]:
    """As played; made once for all tests that compare with it."""
    return played(None)


@pytest.mark.parametrize("name", GOLDEN_SCENARIOS)
def test_the_events_have_the_recorded_hash(name: str) -> None:
    assert digest(GOLDEN_SCENARIOS[name]) == GOLDEN[name]


def test_every_recorded_hash_is_of_a_scenario() -> None:
    assert set(GOLDEN) == set(GOLDEN_SCENARIOS)


@pytest.mark.parametrize("length", [500, 7_777, 60_000])
def test_the_length_of_windows_does_not_matter(length: int) -> None:
    assert played(length) == of_the_suite()


@settings(max_examples=5, deadline=None)
@given(kinds=st.lists(st.sampled_from(sorted(FAULTY)), min_size=2, max_size=4), length=st.integers(5_000, 90_000))
def test_the_length_of_windows_does_not_matter_where_faults_meet(kinds: list[str], length: int) -> None:
    faults = ", ".join(
        f"{{kind: {kind}, at: {place + 1}m, for: 5m, parameters: {{{FAULTY[kind]}}}}}"
        for place, kind in enumerate(kinds)
    ).replace("decline: 5m", "decline: 1m")
    scenario = one_fleet("temperature", devices=2, interval="5s", duration="12m", faults=f"[{faults}]")
    assert events(scenario, length=length) == events(scenario)
    assert sorted(map(str, labels(scenario, length))) == sorted(map(str, labels(scenario)))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_fleets_and_faults_does_not_matter(seed: int) -> None:
    # Faults are named by their number among those of a kind, so that only faults of different kinds may change places.
    fleets, faults = list(SUITE.fleets), list(SUITE.faults)
    order = random.Random(seed)  # noqa: S311
    order.shuffle(fleets)
    order.shuffle(faults)
    assert digest(replace(SUITE, fleets=tuple(fleets), faults=tuple(faults))) == GOLDEN["preset test_suite"]


def test_a_device_does_the_same_without_the_others() -> None:
    everything, _ = of_the_suite()
    for device in range(SUITE.devices):
        assert events(SUITE, [device]) == [event for event in everything if event.device == device]


def test_the_door_does_not_change_what_is_read() -> None:
    assert digest(SUITE.with_door(Door.REST)) == digest(SUITE.with_door(Door.MQTT5)) == GOLDEN["preset test_suite"]


def test_the_seed_changes_everything() -> None:
    other = replace(SUITE, seed=43)
    ours, theirs = (
        {str(event.values) for event in found if isinstance(event, Reading) and "energy" in event.values}
        for found in (of_the_suite()[0], events(other))
    )
    assert len(ours & theirs) < 0.01 * len(ours)


def test_the_hash_of_readings_does_not_depend_on_the_order_of_devices() -> None:
    plan = Plan(SUITE)
    found = [event for event in plan.run().events() if isinstance(event, Reading)]
    by_device = sorted(found, key=lambda one: one.device)
    hashes = []
    for order in (found, by_device, by_device[:-1]):
        state = ReadingsDigest()
        for reading in order:
            state.add(plan.devices[reading.device].name, reading)
        hashes.append(state.hexdigest())
    assert hashes[0] == hashes[1] != hashes[2]


def test_events_are_in_the_order_of_their_due_times() -> None:
    found, _ = of_the_suite()
    assert [event.due for event in found] == sorted(event.due for event in found)
    seen: set[int] = set()
    for event in found:
        assert event.device in seen or isinstance(event, Connect)
        seen.add(event.device)


def test_windows_have_what_is_due_in_them() -> None:
    run = Plan(SUITE).run()
    while not run.is_finished:
        window = run.advance(run.position + 5_000)
        due = [event.due for event in window.events()]
        assert all(window.start <= one for one in due)
        assert run.is_finished or all(one < window.end for one in due)


def test_values_that_are_missing_and_readings_that_are_very_late() -> None:
    faults = (
        "[{kind: drop_outs, parameters: {measurement: humidity, probability: 0.5}},"
        " {kind: duplicates, parameters: {probability: 0.5, delay: 15m}}, {kind: reordering, parameters: {delay: 10m}}]"
    )
    scenario = one_fleet("temperature", interval="1s", duration="10m", faults=faults)
    assert events(scenario, length=2_000) == events(scenario)
    found = [event for event in events(scenario) if isinstance(event, Reading)]
    twice = {one.sequence: one.values for one in found if one.device == 0}
    assert all(one.values == twice[one.sequence] for one in found if one.device == 0)
    assert {len(one.values) for one in found} == {3, 4}


def test_other_instructions_of_the_processor_give_the_same_values() -> None:
    program = (
        "from tests.unit.simulators.scenarios import digest, one_fleet\n"
        "from iotflow_simulators.models.registry import MODELS\n"
        "print(*(digest(one_fleet(name, interval='7m', duration='2d')) for name in MODELS))\n"
    )
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    env = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(found), "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [GOLDEN[f"model {name}"] for name in MODELS]
