"""When devices replace their keys, by the scenario."""

from collections import defaultdict
from itertools import pairwise

import pytest

from iotflow_simulators.generation.digest import ReadingsDigest
from iotflow_simulators.generation.events import Event, Reading, RotateKey
from iotflow_simulators.limits.finder import steady
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.scenario import Door, Scenario
from tests.unit.simulators.scenarios import HOUR, MINUTE, events, one_fleet

ROTATING = one_fleet("basic", devices=20, duration="2h", more=", rotate_keys: 7m")


def rotations(found: list[Event]) -> dict[int, list[int]]:
    """The times of each device, in ms since the start."""
    times: dict[int, list[int]] = defaultdict(list)
    for event in found:
        if isinstance(event, RotateKey):
            times[event.device].append(event.due)
    return times


def readings_hash(scenario: Scenario) -> str:
    """The hash of all readings."""
    digest, plan = ReadingsDigest(), Plan(scenario)
    for event in plan.run().events():
        if isinstance(event, Reading):
            digest.add(plan.devices[event.device].name, event)
    return digest.hexdigest()


def test_each_device_replaces_its_key_once_in_the_interval_until_the_end() -> None:
    times = rotations(events(ROTATING))
    assert set(times) == set(range(20))
    for found in times.values():
        assert 0 < found[0] <= 7 * MINUTE
        assert {later - earlier for earlier, later in pairwise(found)} == {7 * MINUTE}
        assert 2 * HOUR - 7 * MINUTE <= found[-1] < 2 * HOUR
    assert len({found[0] for found in times.values()}) > 15


@pytest.mark.parametrize("length", [1_000, 7 * MINUTE, HOUR])
def test_the_times_depend_on_neither_the_windows_nor_the_other_devices(length: int) -> None:
    whole = rotations(events(ROTATING))
    assert rotations(events(ROTATING, length=length)) == whole
    assert rotations(events(ROTATING, devices=[3, 11])) == {index: whole[index] for index in (3, 11)}


def test_rotations_change_no_reading() -> None:
    assert readings_hash(ROTATING) == readings_hash(one_fleet("basic", devices=20, duration="2h"))


@pytest.mark.parametrize("scenario", [ROTATING.with_door(Door.GATEWAY), steady(ROTATING)])
def test_there_are_none_behind_a_gateway_and_in_a_search_for_the_limit(scenario: Scenario) -> None:
    run = Plan(scenario).run()
    assert rotations(run.advance(HOUR).events()) == {}
