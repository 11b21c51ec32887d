"""Stages: when readings are due."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from iotflow_simulators.generation.pace import GRID, PER_MS, Pace
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.loader import loads
from iotflow_simulators.scenario.scenario import Stage
from tests.unit.simulators.scenarios import one_fleet, readings

STAGES = st.lists(
    st.builds(Stage, st.sampled_from([0.0, 0.1, 1.0, 2.5, 10.0]), st.sampled_from([0.0, 0.5, 1.0, 3.0]), st.integers(100, 60_000)),
    max_size=4,
)  # fmt: skip


@given(STAGES, st.lists(st.integers(1, 100_000), min_size=1, max_size=20))
def test_work_is_due_when_it_is_done(stages: list[Stage], times: list[int]) -> None:
    pace = Pace([*stages, Stage(1, 1, 1_000)])
    for time in times:
        work = pace.work(time)
        if not work:
            continue
        due = int(pace.due(np.array([work]))[0])
        assert due % GRID == 0
        assert pace.work(due) >= work
        assert due - GRID < 1 or pace.work(due - GRID) < work


def test_without_stages_work_is_time() -> None:
    pace = Pace([])
    assert [pace.work(time) for time in (0, 1, 1_000_000)] == [0, PER_MS, 1_000_000 * PER_MS]
    assert pace.due(np.array([4_000, 4_001])).tolist() == [4, 8]


def counts(stages: str, duration: int = 60) -> list[int]:
    """The readings in each second of 100 devices."""
    text = (
        f"name: a\n"
        f"duration: {duration}s\n"
        f"stages: {stages}\n"
        f"fleets: [{{name: a, model: basic, devices: 100, interval: 1s}}]"
    )
    due = np.array([one.due for one in readings(loads(text))])
    found: list[int] = np.bincount(due // 1_000, minlength=duration).tolist()
    return found


def test_the_rate_rises_along_a_ramp_and_stays() -> None:
    found = counts("[{from: 0, to: 2, over: 40s}]")
    assert abs(sum(found[:40]) - 4_000) < 110
    assert all(abs(found[second] - 5 * second) < 25 for second in range(40))
    assert all(abs(one - 200) <= 10 for one in found[41:])


def test_at_rate_zero_nothing_is_due() -> None:
    found = counts("[{from: 1, to: 1, over: 20s}, {from: 0, to: 0, over: 20s}, {from: 1, to: 1, over: 1s}]")
    assert sum(found[20:40]) == 0
    assert found[:20] == [100] * 20
    assert found[41:] == [100] * 19


def test_sequences_have_no_gaps_and_times_are_distinct() -> None:
    text = (
        "name: a\n"
        "duration: 20s\n"
        "stages: [{from: 0.1, to: 10, over: 20s}]\n"
        "fleets: [{name: a, model: basic, devices: 2, interval: 50ms}]"
    )
    for device in range(2):
        found = readings(loads(text), device)
        assert [one.sequence for one in found] == list(range(len(found)))
        assert all(after.time > before.time for before, after in pairwise(found))


def test_first_readings_are_spread_over_the_interval() -> None:
    scenario = one_fleet("basic", devices=1_000, interval="10s", duration="10s")
    due = [one.due for one in readings(scenario)]
    assert len(due) == 1_000
    assert all(60 < count < 140 for count in np.histogram(due, 10, (0, 10_000))[0])


def test_a_large_plan_is_made_in_bounded_windows() -> None:
    text = "name: a\nduration: 1h\nfleets: [{name: a, model: basic, devices: 10000, interval: 1s}]"
    window = next(Plan(loads(text)).run().windows())
    assert len(window.fleets[0].rows) == 20_000
