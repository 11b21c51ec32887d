"""Each fault: the stream has it, the label has it, and outside the labels the stream is that without faults."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from iotflow_simulators import SimulationError
from iotflow_simulators.faults.payloads import PAYLOADS
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.generation.events import (
    BreakConnection,
    Connect,
    Disconnect,
    Malformed,
    Reading,
    Reboot,
    UseRightKey,
    UseWrongKey,
)
from iotflow_simulators.labels import Label, label_lines
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.loader import loads
from iotflow_simulators.scenario.scenario import Scenario
from tests.unit.simulators.scenarios import DAY, HOUR, MINUTE, START, events, labels, one_fleet, readings

SPAN = "devices: [dev-2], at: 10m, for: 20m"
BEGIN, END = 10 * MINUTE, 30 * MINUTE
# The parameters with which each fault is tested, for a fleet of thermometers.
FAULTY = {
    "stuck": "",
    "drift": "per_hour: 5",
    "spikes": "probability: 0.3, magnitude: 15",
    "dead_battery": "decline: 5m",
    "drop_outs": "probability: 0.4",
    "clock_skew": "ppm: 50000",
    "clock_jump": "seconds: -7200",
    "flood": "factor: 5",
    "malformed": "probability: 0.3",
    "duplicates": "probability: 0.3, delay: 30s",
    "reordering": "probability: 0.3, delay: 35s",
    "offline": "batch: 10, spacing: 200ms",
    "reconnect_storm": "",
    "flapping": "every: 2m, down: 30s",
    "reboot_loop": "every: 2m, down: 30s",
    "wrong_key": "",
    "network_failure": "probability: 0.3",
}


def faulty(kind: str, where: str = SPAN, duration: str = "1h", parameters: str | None = None) -> Scenario:
    """Three thermometers, of which one has the fault."""
    chosen = FAULTY[kind] if parameters is None else parameters
    fault = f"[{{kind: {kind}, {where}, parameters: {{{chosen}}}}}]"
    return one_fleet("temperature", duration=duration, faults=fault)


@cache
def clean() -> dict[tuple[int, int], Reading]:
    """The readings without faults, by device and sequence."""
    return {(one.device, one.sequence): one for one in readings(one_fleet("temperature"))}


def of_rows(found: list[Label]) -> dict[int, Label]:
    """The labels of readings, by sequence."""
    return {label.sequence: label for label in found if label.sequence is not None}


def test_every_fault_is_tested() -> None:
    assert set(FAULTY) == set(FAULTS)


@pytest.mark.parametrize("kind", FAULTY)
def test_a_fault_has_one_label_for_its_occurrence(kind: str) -> None:
    spans = [label for label in labels(faulty(kind)) if label.sequence is None]
    assert [(label.device, label.start - START, label.end - START, label.kind, label.fault) for label in spans] == [
        ("dev-2", BEGIN, END, kind, f"{kind}-1")
    ]
    parameters = dict(faulty(kind).faults[0].parameters)
    assert spans[0].parameters == parameters | ({"measurement": spans[0].measurement} if spans[0].measurement else {})


@pytest.mark.parametrize("kind", FAULTY)
def test_outside_the_labels_the_stream_is_that_without_faults(kind: str) -> None:
    scenario, truth = faulty(kind), clean()
    by_row = of_rows(labels(scenario))
    seen: dict[tuple[int, int], Reading] = {}
    for reading in readings(scenario):
        place = (reading.device, reading.sequence)
        label = by_row.get(reading.sequence) if reading.device == 1 else None
        if reading.is_extra:
            assert label is not None
        elif label is None:
            held = BEGIN <= truth[place].due < END and kind in ("offline", "reconnect_storm", "flapping")
            assert reading == truth[place]._replace(due=reading.due if held else truth[place].due)
        elif label.measurement not in ("", "timestamp"):
            true = truth[place].values | {label.measurement: label.true_value}
            assert true == truth[place].values
            assert {name for name, value in reading.values.items() if value != true[name]} == {label.measurement}
        seen[place] = reading
    for place, reading in truth.items():
        if place not in seen:
            assert place[0] == 1
            assert BEGIN <= reading.due < END
            assert place[1] in by_row or kind in ("dead_battery", "reboot_loop")


@pytest.mark.parametrize("kind", FAULTY)
def test_other_devices_are_not_affected(kind: str) -> None:
    others = [event for event in events(faulty(kind)) if event.device != 1]
    assert others == [event for event in events(one_fleet("temperature")) if event.device != 1]


def inside(kind: str, parameters: str | None = None) -> list[Reading]:
    """The readings of the affected device in the span."""
    return [one for one in readings(faulty(kind, parameters=parameters), 1) if BEGIN <= one.due < END]


def true_values(name: str) -> list[Any]:
    """The values in the span without the fault."""
    return [one.values[name] for (device, _), one in clean().items() if device == 1 and BEGIN <= one.due < END]


def test_a_stuck_value_stays() -> None:
    found = [one.values["temperature"] for one in inside("stuck")]
    assert set(found) == {true_values("temperature")[0]}
    by_row = of_rows(labels(faulty("stuck")))
    assert [label.true_value for label in by_row.values()] == [
        one for one in true_values("temperature") if one != found[0]
    ]


@pytest.mark.parametrize("measurement", ["humidity", "signal", "battery"])
def test_any_measurement_can_be_stuck(measurement: str) -> None:
    found = inside("stuck", f"measurement: {measurement}")
    assert {one.values[measurement] for one in found} == {true_values(measurement)[0]}
    assert [one.values["temperature"] for one in found] == true_values("temperature")


@pytest.mark.parametrize(
    ("model", "measurement"), [("door_lock", "access"), ("door_lock", "locked"), ("camera", "people")]
)
def test_texts_flags_and_whole_numbers_can_be_stuck(model: str, measurement: str) -> None:
    fault = f"[{{kind: stuck, at: 0s, parameters: {{measurement: {measurement}}}}}]"
    scenario = one_fleet(model, devices=1, interval="1m", duration="1d", faults=fault)
    assert len({one.values[measurement] for one in readings(scenario)}) == 1
    assert {type(label.true_value) for label in labels(scenario)[1:]} == {
        type(readings(scenario)[0].values[measurement])
    }


def test_a_drift_grows() -> None:
    errors = np.array([one.values["temperature"] for one in inside("drift")]) - true_values("temperature")
    assert (np.diff(errors) > 0).all()
    assert errors[-1] == pytest.approx(5 * 20 / 60, abs=0.02)


def test_spikes_are_high_and_rare() -> None:
    errors = np.array([one.values["temperature"] for one in inside("spikes")]) - true_values("temperature")
    hit = abs(errors) > 0.001
    assert abs(errors[hit]) == pytest.approx(15)
    assert {1, -1} == set(np.sign(errors[hit]))
    assert 0.15 < hit.mean() < 0.45


def test_a_dead_battery_falls_to_zero_and_silences_the_device() -> None:
    found = inside("dead_battery")
    charge = [one.values["battery"] for one in found]
    assert charge == sorted(charge, reverse=True)
    assert charge[0] > 50
    assert charge[-1] < 5
    assert found[-1].due < BEGIN + 5 * MINUTE
    away = [
        event
        for event in events(faulty("dead_battery"))
        if event.device == 1 and event.due > 0 and not isinstance(event, Reading)
    ]
    assert away == [Disconnect(1, BEGIN + 5 * MINUTE, "dead_battery", False), Connect(1, END)]


def test_drop_outs_leave_gaps() -> None:
    missing = 120 - len(inside("drop_outs"))
    assert 30 < missing < 66
    assert len(of_rows(labels(faulty("drop_outs")))) == missing


def test_drop_outs_of_one_value_keep_the_others() -> None:
    found = inside("drop_outs", "probability: 0.4, measurement: humidity")
    assert len(found) == 120
    without = [one for one in found if "humidity" not in one.values]
    assert 30 < len(without) < 66
    assert all("temperature" in one.values for one in found)
    by_row = of_rows(labels(faulty("drop_outs", parameters="probability: 0.4, measurement: humidity")))
    assert {sequence: label.true_value for sequence, label in by_row.items()} == {
        one.sequence: clean()[1, one.sequence].values["humidity"] for one in without
    }


@pytest.mark.parametrize("kind", ["clock_skew", "clock_jump"])
def test_a_wrong_clock_is_labelled_with_the_true_time(kind: str) -> None:
    by_row = of_rows(labels(faulty(kind)))
    found = inside(kind)
    assert [by_row[one.sequence].true_value for one in found] == [clean()[1, one.sequence].time for one in found]
    assert [by_row[one.sequence].start for one in found] == [one.time for one in found]
    assert {by_row[one.sequence].measurement for one in found} == {"timestamp"}


def test_a_skewed_clock_gains_and_a_jumped_clock_is_wrong_by_a_constant() -> None:
    gains = [one.time - START - one.due for one in inside("clock_skew")]
    assert gains == sorted(gains)
    assert gains[-1] == pytest.approx(0.05 * 20 * MINUTE, rel=0.02)
    assert {one.time - START - one.due for one in inside("clock_jump")} == {-2 * HOUR + 2}


@pytest.mark.parametrize("kind", ["clock_skew", "clock_jump", "flood", "reordering"])
def test_no_two_readings_of_a_device_state_the_same_time(kind: str) -> None:
    parameters = {"clock_skew": "ppm: 5000", "clock_jump": "seconds: -300"}.get(kind)
    found = readings(faulty(kind, parameters=parameters), 1)
    assert len({one.time for one in found}) == len(found)


def test_a_flood_repeats_values_at_other_times() -> None:
    found = inside("flood")
    assert len(found) == 5 * 120
    assert sum(one.is_extra for one in found) == 4 * 120
    assert len({one.sequence for one in found}) == 600
    assert all(found[place + turn].values == found[place].values for place in range(0, 600, 5) for turn in range(1, 5))
    assert [one.due for one in found] == sorted(one.due for one in found)


def test_malformed_payloads_take_the_place_of_readings() -> None:
    scenario = faulty("malformed", "at: 0s", parameters="probability: 0.5")
    bad = [event for event in events(scenario) if isinstance(event, Malformed)]
    assert {event.kind for event in bad} == set(PAYLOADS)
    assert len(bad) + len(readings(scenario)) == 3 * 360
    assert {(f"dev-{event.device + 1}", event.sequence) for event in bad} == {
        (label.device, label.sequence) for label in labels(scenario) if label.sequence is not None
    }
    only = faulty("malformed", "at: 0s", parameters="probability: 1, payloads: [empty]")
    assert {event.payload for event in events(only) if isinstance(event, Malformed)} == {b""}


def test_duplicates_are_sent_again_after_the_delay() -> None:
    found = readings(faulty("duplicates"), 1)
    first: dict[int, Reading] = {}
    again = []
    for one in found:
        if one.sequence in first:
            again.append(one)
            assert one == first[one.sequence]._replace(due=first[one.sequence].due + 30_000)
        first.setdefault(one.sequence, one)
    assert 20 < len(again) < 55
    assert set(of_rows(labels(faulty("duplicates")))) == {one.sequence for one in again}


def test_reordered_readings_are_overtaken() -> None:
    found = readings(faulty("reordering"), 1)
    assert len(found) == 360
    assert [one.due for one in found] == sorted(one.due for one in found)
    late = [one for one in found if one.time - START != one.due]
    assert {one.due - (one.time - START) for one in late} == {35_000}
    assert [one.sequence for one in found] != sorted(one.sequence for one in found)
    assert set(of_rows(labels(faulty("reordering")))) == {one.sequence for one in late}


def connection_events(kind: str, where: str = SPAN, parameters: str | None = None) -> list[Any]:
    """What the affected device does apart from readings."""
    found = events(faulty(kind, where, parameters=parameters))
    return [event for event in found if event.device == 1 and not isinstance(event, Reading)]


def test_an_offline_device_sends_late_batches() -> None:
    assert connection_events("offline") == [Connect(1, 0), Disconnect(1, BEGIN, "offline", False), Connect(1, END)]
    late = [one for one in readings(faulty("offline"), 1) if BEGIN <= one.time - START < END]
    assert len(late) == 120
    assert [one.due for one in late] == [END + number // 10 * 200 for number in range(120)]
    assert [one.sequence for one in late] == sorted(one.sequence for one in late)


def test_a_full_buffer_loses_later_readings_with_labels() -> None:
    scenario = faulty("offline", parameters="buffer: 50")
    late = [one for one in readings(scenario, 1) if BEGIN <= one.time - START < END]
    lost = [label for label in labels(scenario) if label.kind == "buffer_full"]
    assert (len(late), len(lost)) == (50, 70)
    assert {label.sequence for label in lost}.isdisjoint(one.sequence for one in late)


def test_devices_offline_until_the_end_send_everything_at_the_end() -> None:
    scenario = faulty("offline", "at: 50m")
    found = readings(scenario)
    assert len(found) == 3 * 360
    assert max(one.due for one in found) >= HOUR
    assert [event.due for event in events(scenario) if isinstance(event, Connect)] == [0, 0, 0, HOUR, HOUR, HOUR]


def test_a_storm_disconnects_and_connects_all_at_once() -> None:
    found = events(faulty("reconnect_storm", "at: 10m, for: 1m"))
    assert [event.due for event in found if isinstance(event, Disconnect)] == [BEGIN] * 3
    assert [event.due for event in found if isinstance(event, Connect)] == [0] * 3 + [BEGIN + MINUTE] * 3
    assert len([event for event in found if isinstance(event, Reading)]) == 3 * 360


def test_a_flapping_connection_goes_and_comes() -> None:
    found = connection_events("flapping")[1:]
    assert [event.due for event in found[::2]] == list(range(BEGIN, END, 2 * MINUTE))
    assert all(isinstance(event, Disconnect) and not event.clean for event in found[::2])
    assert [event.due - 30_000 for event in found[1::2]] == list(range(BEGIN, END, 2 * MINUTE))
    assert len(readings(faulty("flapping"), 1)) == 360


def test_a_rebooting_device_measures_nothing_while_it_is_down() -> None:
    found = connection_events("reboot_loop")[1:]
    assert [type(event) for event in found] == [Reboot, Connect] * 10
    assert len(readings(faulty("reboot_loop"), 1)) == 360 - 30


def test_a_wrong_key_is_used_and_given_up() -> None:
    assert connection_events("wrong_key") == [Connect(1, 0), UseWrongKey(1, BEGIN), UseRightKey(1, END)]
    assert len(readings(faulty("wrong_key"), 1)) == 360


def test_five_percent_network_failure_breaks_connections_before_readings() -> None:
    scenario = faulty("network_failure", "at: 0s", parameters="")
    found = events(scenario)
    breaks = [place for place, event in enumerate(found) if isinstance(event, BreakConnection)]
    assert 0.03 < len(breaks) / (3 * 360) < 0.07
    for place in breaks:
        after = found[place + 1]
        assert isinstance(after, Reading)
        assert (after.device, after.due) == (found[place].device, found[place].due)


def test_random_faults_occur_at_the_rate() -> None:
    scenario = faulty("spikes", "rate: 6, for: 2m", duration="5h")
    spans = [label for label in labels(scenario) if label.sequence is None]
    assert len(spans) == 3 * 30
    for device in ("dev-1", "dev-2", "dev-3"):
        own = [label for label in spans if label.device == device]
        assert all(before.end <= after.start for before, after in pairwise(own))
    assert len({label.start for label in spans}) == 90


def test_a_share_of_devices_is_exact_and_at_least_one() -> None:
    fault = "[{kind: stuck, share: 0.3}, {kind: drift, share: 0.0001, parameters: {per_hour: 1}}]"
    found = labels(one_fleet("basic", devices=20, duration="1m", faults=fault))
    devices = {kind: {label.device for label in found if label.kind == kind} for kind in ("stuck", "drift")}
    assert (len(devices["stuck"]), len(devices["drift"])) == (6, 1)


def test_faults_at_the_same_device_add_up() -> None:
    offline = "{kind: offline, devices: [dev-2], at: 10m, for: 10m}"
    reboots = "{kind: reboot_loop, devices: [dev-2], at: 15m, for: 10m, parameters: {every: 10m, down: 6m}}"
    both = f"[{offline}, {reboots}]"
    found = [event for event in events(one_fleet("temperature", faults=both)) if event.device == 1]
    away = [event for event in found if isinstance(event, Disconnect | Reboot | Connect)]
    assert away == [Connect(1, 0), Disconnect(1, BEGIN, "offline", False), Connect(1, 21 * MINUTE)]
    held = [
        one for one in found if isinstance(one, Reading) and one.due >= 21 * MINUTE and one.time - START < 21 * MINUTE
    ]
    assert len(held) == 30
    assert all(BEGIN <= one.time - START < 15 * MINUTE for one in held)


def test_a_device_is_off_outside_its_hours() -> None:
    text = (
        "name: a\n"
        "duration: 2d\n"
        "utc_offset: '+01:00'\n"
        "fleets: [{name: a, model: basic, devices: 1, interval: 10m, schedule: {hours: [{from: 08:00, to: 18:00}], days: [thu]}}]"
    )
    found = events(loads(text))
    assert [event for event in found if not isinstance(event, Reading)] == [
        Connect(0, 7 * HOUR),
        Disconnect(0, 17 * HOUR, "schedule", True),
    ]
    assert all(7 * HOUR <= event.due < 17 * HOUR for event in found if isinstance(event, Reading))
    assert len(found) == 2 + 60
    assert labels(loads(text)) == []


def test_hours_may_pass_midnight() -> None:
    text = (
        "name: a\n"
        "duration: 2d\n"
        "schedule: {hours: [{from: 22:00, to: 02:00}]}\n"
        "fleets: [{name: a, model: basic, devices: 1, interval: 10m}]"
    )
    found = events(loads(text))
    assert [event.due for event in found if not isinstance(event, Reading)] == [
        hours * HOUR for hours in (0, 2, 22, 26, 46)
    ]


def test_too_many_disconnections_are_rejected() -> None:
    text = (
        "name: a\n"
        "duration: 1d\n"
        "fleets: [{name: a, model: basic, devices: 2, interval: 1h}]\n"
        "faults: [{kind: flapping, parameters: {every: 1s, down: 100ms}}]"
    )
    with pytest.raises(SimulationError, match=r"4: faults\[0\]: the fault occurs about 5356800 times"):
        loads(text.replace("1d", "31d"))
    with pytest.raises(SimulationError, match="disconnect more than 1000000 times"):
        Plan(replace(loads(text), duration=31 * DAY)).run()


def test_too_many_kept_readings_are_rejected() -> None:
    text = (
        "name: a\nduration: 2h\nstages: [{from: 1, to: 2, over: 1m}]\n"
        "fleets: [{name: a, model: basic, devices: 2000, interval: 1s}]\n"
        "faults: [{kind: offline, at: 10m, for: 1h, parameters: {buffer: BUFFER}}]"
    )
    with pytest.raises(SimulationError, match="keep up to 14400000 readings while they are offline; at most 5000000"):
        Plan(loads(text.replace("BUFFER", "10000"))).run()
    assert Plan(loads(text.replace("BUFFER", "2500"))).run()


def test_labels_are_lines_of_json() -> None:
    label = Label("dev-1", "temperature", 1, 2, "stuck", "stuck-1", {"measurement": "temperature"}, None, None)
    of_row = Label("dév", "", 5, 5, "malformed", "m", {}, 7, 21.5)
    assert label_lines([label, of_row]).decode().splitlines() == [
        '{"device":"dev-1","measurement":"temperature","start":1,"end":2,"kind":"stuck","fault":"stuck-1",'
        '"parameters":{"measurement":"temperature"},"sequence":null,"true_value":null}',
        '{"device":"dév","measurement":"","start":5,"end":5,"kind":"malformed","fault":"m",'
        '"parameters":{},"sequence":7,"true_value":21.5}',
    ]
