"""The search for the limit of a service: which rates are tried, and what a step shows."""

import pytest

from iotflow_simulators.generation.events import Reading
from iotflow_simulators.limits.finder import highest_rate, steady
from iotflow_simulators.limits.search import LEAST, MOST, NEAR, LimitSearch
from iotflow_simulators.limits.step import Bounds, Verdict, judged
from iotflow_simulators.plan import Plan
from iotflow_simulators.running.timeline import Slot
from iotflow_simulators.scenario.loader import loads
from tests.unit.simulators.scenarios import one_fleet

BOUNDS = Bounds(p99=0.2, loss=0.01)
SECONDS, WAITED = 10.0, 5.0


def tried(limit: float, most: float = MOST) -> tuple[list[float], float]:
    """The rates that are tried at a service with this limit, and the highest that held."""
    search, rates = LimitSearch(most), list[float]()
    while (rate := search.next()) is not None:
        rates.append(rate)
        search.record(rate, held=rate <= limit)
    return rates, search.held


@pytest.mark.parametrize("limit", [0.02, 0.3, 0.999, 1.0, 1.7, 5.2, 100.0, 900.0])
def test_the_limit_is_found_to_a_tenth(limit: float) -> None:
    rates, held = tried(limit)
    assert held <= limit <= held * NEAR
    assert len(rates) <= 15


@pytest.mark.parametrize(
    ("limit", "most", "rates"),
    [
        (6.0, 8.0, [1, 2, 4, 8, 8 * 0.5**0.5, 8 * 0.5**0.25, 8 * 0.5**0.375]),
        (100.0, 5.0, [1, 2, 4, 5]),
        (100.0, 0.5, [0.5]),
        (0.0, 5.0, [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, LEAST]),
    ],
)
def test_the_rates_that_are_tried(limit: float, most: float, rates: list[float]) -> None:
    found, _ = tried(limit, most)
    assert found == pytest.approx(rates)


def slot(
    *, due: int = 1_000, answered: int = 1_000, refused: int = 0, latency: float = 0.05, lag: float = 0.001
) -> Slot:
    """Readings of a step, all with the same latency."""
    found = Slot(due, answered, refused)
    found.latency.add(latency, answered - refused)
    found.lag.add(lag, due)
    return found


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (slot(), Verdict.HELD),
        (slot(latency=0.3), Verdict.P99),
        (slot(refused=10), Verdict.HELD),
        (slot(refused=11), Verdict.LOSS),
        (slot(answered=995), Verdict.HELD),
        # What is not answered is late, whatever the bound of the loss.
        (slot(answered=985), Verdict.P99),
        (slot(due=0, answered=0), Verdict.LOSS),
        (slot(latency=0.3, lag=0.15), Verdict.SIMULATOR),
        (slot(refused=500, lag=0.15), Verdict.SIMULATOR),
        (slot(latency=0.15, lag=0.15), Verdict.HELD),
    ],
)
def test_a_step_is_judged_by_its_bounds(found: Slot, verdict: Verdict) -> None:
    step = judged(found, 2.0, SECONDS, WAITED, 0.5, BOUNDS)
    assert step.verdict is verdict
    assert step.held is (verdict is Verdict.HELD)


def test_a_step_states_what_was_measured() -> None:
    step = judged(slot(due=1_000, answered=900, refused=100), 2.0, SECONDS, WAITED, 0.5, BOUNDS)
    assert (step.due, step.stored, step.loss, step.processor) == (100.0, 80.0, 0.2, 0.5)
    assert step.p50 == pytest.approx(0.05, rel=0.1)
    assert step.p99 == WAITED


def test_a_steady_scenario_has_a_constant_rate() -> None:
    scenario = steady(
        loads("""
name: test
duration: 1h
schedule: {hours: [{from: "08:00", to: "09:00"}]}
fleets:
  - {name: a, model: basic, devices: 1, interval: 1s, schedule: {hours: [{from: "10:00", to: "11:00"}]}}
  - {name: b, model: basic, devices: 1, interval: 10s}
stages: [{from: 0, to: 2, over: 1m}]
faults: [{kind: wrong_key}]
""")
    )
    found = [event for event in Plan(scenario).run().advance(60_000).events() if isinstance(event, Reading)]
    assert [sum(one.device == device for one in found) for device in (0, 1)] == [60, 6]
    assert highest_rate(scenario) == 250.0


def test_a_new_rate_holds_for_the_readings_after_the_last_window() -> None:
    run = Plan(one_fleet("basic", devices=5, interval="10s", duration="1h")).run()
    counts = []
    for rate in (1.0, 20.0, 0.5, 1e9, 1.0):
        run.set_rate(rate)
        counts.append(sum(isinstance(event, Reading) for event in run.advance(run.position + 60_000).events()))
    # At most a reading every 4 ms, so that each has a time of its own.
    assert counts == pytest.approx([30, 600, 15, 5 * 15_000, 30], abs=5)


def test_readings_at_the_highest_rate_have_times_of_their_own() -> None:
    run = Plan(one_fleet("basic", devices=2, interval="1s")).run()
    run.set_rate(1e9)
    times = [(one.device, one.time) for one in run.advance(2_000).events() if isinstance(one, Reading)]
    assert len(times) == len(set(times)) >= 990


def test_a_configured_interval_is_that_of_rate_1() -> None:
    run = Plan(one_fleet("basic", devices=2, interval="10s")).run()
    run.set_rate(10)
    assert run.configure(0, {"interval_ms": 1_000})["interval_ms"] == 1_000
    found = [one.device for one in run.advance(60_000).events() if isinstance(one, Reading)]
    assert found.count(0) > 500
    assert found.count(1) == pytest.approx(60, abs=1)
