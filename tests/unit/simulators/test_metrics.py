"""The metrics of a run: what they count, and how many series they can have."""

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from iotflow_simulators import SimulationError
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.labels import Label
from iotflow_simulators.reporting.metrics import RunMetrics, serving_metrics
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.recent_errors import MOST_REASONS
from iotflow_simulators.running.states import State, States
from iotflow_simulators.scenario.scenario import Door
from tests.support.processes import free_port

PREFIX = "iotflow_simulator_"


def samples(measures: Measures) -> dict[str, float]:
    """The values of a scrape, by name and labels."""
    with serving_metrics(port := free_port()) as registry:
        registry.register(RunMetrics(measures))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
    return {
        f"{sample.name.removeprefix(PREFIX)}{list(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def label(kind: str, device: str = "dev-1", start: int = 0, end: int = 1_000, sequence: int | None = None) -> Label:
    """Of a fault, or of a reading."""
    return Label(device, "", start, end, kind, f"{kind}-1", {}, sequence)


def test_a_scrape_has_what_was_measured() -> None:
    door = DoorMeasures(due=10, acknowledged=7, answered=8, refused=1, lost_connections=3, dropped=2, rotated_keys=4)
    measures = Measures({"mqtt": door, "rest": DoorMeasures()}, states=States(5))
    for seconds in (0.001, 0.010, 0.010, 2.0, 500.0):
        door.latency.add(seconds)
    measures.lag.add(0.25)
    measures.states[1], measures.states[2] = State.ONLINE, State.ONLINE
    measures.errors.lost(0.0, 0, "SILENT", "")
    measures.faults.add([label("stuck"), label("stuck", "dev-2"), label("spikes", sequence=4)])
    found = samples(measures)
    expected = {
        "readings_due_total['mqtt']": 10,
        "readings_acknowledged_total['mqtt']": 7,
        "readings_refused_total['mqtt']": 1,
        "readings_dropped_total['mqtt']": 2,
        "lost_connections_total['mqtt']": 3,
        "rotated_keys_total['mqtt']": 4,
        "readings_due_total['rest']": 0,
        "connection_problems_total['SILENT']": 1,
        "latency_seconds_count['mqtt']": 5,
        "latency_seconds_bucket['mqtt', '0.02048']": 3,
        "latency_seconds_bucket['mqtt', '2.62144']": 4,
        "latency_seconds_bucket['mqtt', '+Inf']": 5,
        "lag_seconds_count[]": 1,
        "devices['off']": 3,
        "devices['online']": 2,
        "devices['lost']": 0,
        "active_faults['stuck']": 2,
        "faulty_readings_total['spikes']": 1,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["latency_seconds_sum['mqtt']"] == pytest.approx(502.021)
    assert found["process_cpu_seconds_total[]"] > 0


def test_the_number_of_series_is_bounded() -> None:
    measures = Measures({door.value: DoorMeasures() for door in Door}, states=States(100))
    for number in range(1_000):
        measures.errors.lost(0.0, 0, f"REASON_{number}", "")
        measures.errors.refused(0.0, 0, f"REASON_{number}", "")
    for kind in FAULTS:
        measures.faults.add([label(kind, f"dev-{number}") for number in range(100)])
    names = samples(measures)
    assert sum(name.startswith("connection_problems") for name in names) == MOST_REASONS + 1
    assert sum(name.startswith("refusals") for name in names) == MOST_REASONS + 1
    assert sum(name.startswith("active_faults") for name in names) == len(FAULTS)
    assert len(names) < 250


def test_a_port_in_use_is_named() -> None:
    taken = pytest.raises(SimulationError, match=f"port {(port := free_port())}: Address already in use")
    with serving_metrics(port), taken, serving_metrics(port):
        pass


def test_faults_are_active_from_their_start_to_their_end() -> None:
    faults = Measures().faults
    faults.add([label("stuck", "dev-1", 10, 20), label("stuck", "dev-2", 15, 30), label("drift", "dev-1", 12, 14)])
    shown = [(now, faults.active(now), faults.of_device("dev-1", now)) for now in (5, 10, 13, 15, 20, 99)]
    assert shown == [
        (5, {}, []),
        (10, {"stuck": 1}, ["stuck"]),
        (13, {"drift": 1, "stuck": 1}, ["drift", "stuck"]),
        (15, {"drift": 0, "stuck": 2}, ["stuck"]),
        (20, {"drift": 0, "stuck": 1}, []),
        (99, {"drift": 0, "stuck": 0}, []),
    ]


def test_a_map_of_states_shows_the_worst_of_a_cell() -> None:
    states = States(10)
    states[0], states[4], states[9] = State.ONLINE, State.LOST, State.WRONG_KEY
    assert states.map(4) == [State.ONLINE, State.LOST, State.OFF, State.WRONG_KEY]
    assert states.map(100) == [states[device] for device in range(10)]
    assert sum(states.counts().values()) == 10
