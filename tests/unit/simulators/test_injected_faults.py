"""A fault that begins in a running simulation is the same as one of the scenario file."""

from dataclasses import replace

import pytest

from iotflow_simulators import SimulationError
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.generation.events import Connect, Disconnect, Event, Reading
from iotflow_simulators.generation.run import Run
from iotflow_simulators.labels import Label
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.fault_loader import fault_of
from iotflow_simulators.scenario.scenario import Scenario
from tests.unit.simulators.scenarios import MINUTE, one_fleet
from tests.unit.simulators.test_faults import BEGIN, FAULTY, faulty

OFFLINE = "{{kind: offline, devices: [dev-2], for: {minutes}m, parameters: {{buffer: {buffer}}}}}"


def rest(run: Run) -> tuple[list[Event], list[Label]]:
    """What is still to come."""
    windows = list(run.windows(MINUTE))
    return [event for window in windows for event in window.events()], [one for each in windows for one in each.labels]


def reached(scenario: Scenario, time: int) -> Run:
    """A run at a time, in ms since the start."""
    run = Plan(scenario).run()
    while run.position < time:
        run.advance(run.position + MINUTE)
    return run


@pytest.mark.parametrize("kind", list(FAULTS))
def test_an_injected_fault_is_that_of_a_file(kind: str) -> None:
    scenario = faulty(kind)
    [fault] = scenario.faults
    run = reached(replace(scenario, faults=()), BEGIN)
    run.inject(fault)
    events, labels = rest(run)
    expected_events, expected_labels = rest(reached(scenario, BEGIN))
    assert events == expected_events
    assert sorted(labels) == sorted(expected_labels)
    assert any(label.sequence is None for label in labels)


def test_every_kind_can_be_given_as_a_text() -> None:
    scenario = one_fleet("temperature")
    for kind, parameters in FAULTY.items():
        fault = fault_of(f"{{kind: {kind}, devices: [dev-1], parameters: {{{parameters}}}}}", "own-1", scenario)
        assert (fault.kind, fault.name, fault.devices) == (kind, "own-1", ("dev-1",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{kind: stuk, devices: [dev-1]}", "did you mean `stuck`"),
        ("{kind: stuck, devices: [dev-9]}", "there is no device `dev-9`"),
        ("{kind: drift, devices: [dev-1]}", "the key `parameters.per_hour` is missing"),
        ("{kind: spikes, devices: [dev-1], parameters: {probability: 2}}", "2 is not from 0 to 1"),
        ("{kind: stuck, devices: [dev-1], parameters: {measurement: colour}}", "no affected device has a fitting"),
        ("{kind: stuck, devices: [dev-1], for: 5}", "a duration with its unit"),
        ("{kind: flood, devices: [dev-1], parameters: {factor: 1000}}", "`factor` is above 100"),
        ("{kind: stuck", "not valid YAML"),
    ],
)
def test_a_text_that_is_no_fault_is_rejected(text: str, problem: str) -> None:
    scenario = one_fleet("temperature", interval="1s")
    with pytest.raises(SimulationError, match=problem):
        fault_of(text, "own-1", scenario)


def test_outages_that_meet_are_one() -> None:
    """The device of a fault that goes on comes back once, at the end of both; it loses nothing."""
    first = "[{kind: offline, devices: [dev-2], at: 5m, for: 10m}]"
    run = reached(one_fleet("basic", faults=first), 10 * MINUTE)
    run.inject(
        replace(fault_of(OFFLINE.format(minutes=20, buffer=10_000), "own-1", run.plan.scenario), at=run.position)
    )
    events, _ = rest(run)
    connections = [event for event in events if isinstance(event, Connect | Disconnect) and event.device == 1]
    assert connections == [Connect(1, 30 * MINUTE)]
    found = [event for event in events if isinstance(event, Reading) and event.device == 1]
    assert min(event.due for event in found) >= 15 * MINUTE
    # From minute 5 to the end, one in ten seconds.
    assert len({event.sequence for event in found}) == 55 * 6


def test_a_full_device_stays_full() -> None:
    """What it keeps in the outage that goes on counts in the joined one."""
    first = "[{kind: offline, devices: [dev-2], at: 5m, for: 10m, parameters: {buffer: 10}}]"
    run = reached(one_fleet("basic", faults=first), 10 * MINUTE)
    run.inject(replace(fault_of(OFFLINE.format(minutes=20, buffer=10), "own-1", run.plan.scenario), at=run.position))
    events, _ = rest(run)
    found = [event for event in events if isinstance(event, Reading) and event.device == 1]
    late = [event for event in found if event.due - event.time + run.plan.scenario.start > MINUTE]
    assert len(late) == 10


def test_the_other_devices_do_not_change() -> None:
    run, same = (reached(one_fleet("basic"), 10 * MINUTE) for _ in range(2))
    run.inject(replace(fault_of(OFFLINE.format(minutes=5, buffer=10), "own-1", run.plan.scenario), at=run.position))
    (changed, _), (unchanged, _) = rest(run), rest(same)
    assert [event for event in changed if event.device != 1] == [event for event in unchanged if event.device != 1]
    assert changed != unchanged


def test_a_fault_beyond_the_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run, same = (reached(one_fleet("basic"), 10 * MINUTE) for _ in range(2))
    fault = replace(fault_of(OFFLINE.format(minutes=30, buffer=10_000), "own-1", run.plan.scenario), at=run.position)
    monkeypatch.setattr("iotflow_simulators.faults.placing.MAX_KEPT", 100)
    with pytest.raises(SimulationError, match="keep up to 180 readings"):
        run.inject(fault)
    assert rest(run) == rest(same)
