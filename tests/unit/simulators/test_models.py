"""What each model promises."""

import functools
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iotflow_simulators.generation.events import Reading
from iotflow_simulators.generation.run import Run
from iotflow_simulators.models.base import ValueType, rounds
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.plan import Plan
from iotflow_simulators.scenario.loader import loads
from tests.unit.simulators.scenarios import DAY, HOUR, MINUTE, START, column, events, one_fleet, readings

TYPES = {ValueType.NUMBER: float, ValueType.WHOLE: int, ValueType.FLAG: bool, ValueType.TEXT: str}


def values(
    model: str, name: str, more: str = "", *, interval: str = "5m", duration: str = "2d"
) -> "np.ndarray[Any, Any]":
    """The values of one device."""
    return np.array(column(alone(model, more, interval, duration), name))


def hours(model: str, interval: str = "5m", duration: str = "2d") -> "np.ndarray[Any, Any]":
    """The hours of day of the readings."""
    return np.array([(reading.time - START) % DAY / HOUR for reading in alone(model, "", interval, duration)])


@functools.cache
def alone(model: str, more: str, interval: str, duration: str) -> list[Reading]:
    """The readings of one device; made once for all tests of them."""
    return readings(one_fleet(model, devices=1, interval=interval, duration=duration, more=more))


def steps(run: Run, minutes: int) -> list[dict[str, Any]]:
    """The values of the only device in the next minutes."""
    window = run.advance(run.position + minutes * MINUTE)
    return [event.values for event in window.events() if isinstance(event, Reading)]


@pytest.mark.parametrize("model", MODELS)
def test_readings_have_the_stated_measurements_and_types(model: str) -> None:
    scenario = one_fleet(model)
    measurements = Plan(scenario).measurements(0)
    found = readings(scenario)
    assert len(found) == 3 * 360
    for reading in found:
        assert {name: type(value) for name, value in reading.values.items()} == {
            one.name: TYPES[one.type] for one in measurements
        }


@pytest.mark.parametrize("model", [name for name, model in MODELS.items() if "battery" in model.PARAMETERS])
def test_the_battery_falls_and_can_be_absent(model: str) -> None:
    battery = values(model, "battery")
    assert (np.diff(battery) <= 0).all()
    used = battery[0] - battery[-1]
    assert 0.3 < used < 3
    assert values(model, "signal").min() > -100
    found = readings(one_fleet(model, duration="1m", more=", parameters: {battery: false}"))
    assert not {"battery", "signal"} & set(found[0].values)


@pytest.mark.parametrize("model", MODELS)
def test_devices_of_a_fleet_differ(model: str) -> None:
    scenario = one_fleet(model, devices=2, interval="1m", duration="12h")
    assert [one.values for one in readings(scenario, 0)] != [one.values for one in readings(scenario, 1)]


def test_the_basic_sensor_has_correlated_values_on_its_cycle() -> None:
    temperature, humidity = values("basic", "temperature"), values("basic", "humidity")
    assert np.corrcoef(temperature, humidity)[0, 1] < -0.9
    hour = hours("basic")
    assert temperature[(hour > 11) & (hour < 17)].mean() - temperature[hour < 4].mean() > 3


def test_the_basic_sensor_follows_its_parameters() -> None:
    found = values("basic", "temperature", ", parameters: {base: 50, amplitude: 0, noise: 0}")
    assert len(set(found.tolist())) == 1
    assert 49 <= found[0] <= 51
    noisy = values("basic", "temperature", ", parameters: {amplitude: 0, noise: 2}")
    assert np.std(noisy) == pytest.approx(2, abs=0.3)


@pytest.mark.parametrize(("resolution", "per_unit"), [("0.01", 100), ("0.1", 10), ("0.5", 2)])
def test_the_resolution_is_kept(resolution: str, per_unit: int) -> None:
    found = values("temperature", "temperature", f', parameters: {{place: outdoor, resolution: "{resolution}"}}')
    assert (np.rint(found * per_unit) / per_unit == found).all()
    assert len(set(found.tolist())) > 10


def test_places_and_seasons_differ() -> None:
    means = {
        place: values("temperature", "temperature", f", parameters: {{place: {place}}}").mean()
        for place in ("indoor", "outdoor", "basement", "freezer")
    }
    assert means["freezer"] < means["outdoor"] < means["basement"] < means["indoor"]
    text = (
        "name: a\n"
        "duration: 2d\n"
        "start: {}T00:00:00Z\n"
        "fleets: [{{name: a, model: temperature, devices: 5, interval: 1h, parameters: {{place: outdoor}}}}]"
    )
    winter, summer = (
        np.mean(column(readings(loads(text.format(day))), "temperature")) for day in ("2026-01-15", "2026-07-15")
    )
    assert summer - winter > 10


def test_the_afternoon_is_warm_and_dry() -> None:
    found = readings(
        one_fleet("temperature", devices=8, interval="15m", duration="4d", more=", parameters: {place: outdoor}")
    )
    hour = np.array([reading.time % DAY / HOUR for reading in found])
    temperature, humidity = np.array(column(found, "temperature")), np.array(column(found, "humidity"))
    afternoon, night = (hour > 13) & (hour < 17), (hour > 1) & (hour < 5)
    assert temperature[afternoon].mean() - temperature[night].mean() > 4
    assert humidity[afternoon].mean() < humidity[night].mean()


def test_local_time_moves_the_day() -> None:
    text = "name: a\nduration: 1d\nutc_offset: '{}'\nfleets: [{{name: a, model: camera, devices: 1, interval: 10m}}]"
    utc, east = (column(readings(loads(text.format(offset))), "night_vision") for offset in ("+00:00", "+06:00"))
    assert east[:102] == utc[36:138]


def test_doors_are_used_by_day_and_entries_never_fall() -> None:
    night = day = 0
    everything = readings(one_fleet("door_lock", devices=20, interval="1m", duration="1d"))
    by_device = defaultdict(list)
    for one in everything:
        by_device[one.device].append(one)
    assert len(by_device) == 20
    for found in by_device.values():
        entries = np.array(column(found, "entries"))
        hour = np.array([reading.time % DAY / HOUR for reading in found])
        assert (np.diff(entries) >= 0).all()
        night += int(entries[hour < 5][-1])
        day += int(entries[-1])
        assert all(not reading.values["open"] or not reading.values["locked"] for reading in found)
        assert all((reading.values["access"] == "none") == (reading.values["entries"] == 0) for reading in found)
    assert {reading.values["locked"] for reading in everything} == {True, False}
    assert night < day * 0.1
    assert 20 < day / 20 < 90


def test_offices_are_quiet_at_weekends() -> None:
    text = (
        "name: a\n"
        "duration: 4d\n"
        "fleets: [{name: a, model: door_lock, devices: 10, interval: 10m, parameters: {place: office}}]"
    )
    found = readings(loads(text))
    entries = np.array([column([one for one in found if one.device == device], "entries") for device in range(10)])
    entries = entries.sum(axis=0)
    friday, sunday = entries[288] - entries[144], entries[-1] - entries[432]
    assert sunday < friday * 0.5


def test_a_lock_obeys() -> None:
    run = Plan(one_fleet("door_lock", devices=1, interval="1s", duration="2h")).run()
    steps(run, 5)
    assert run.command(0, "unlock", {}).executed
    assert not any(one["locked"] for one in steps(run, 1))
    assert run.command(0, "lock", {}).values == {"locked": True}
    assert steps(run, 1)[0]["locked"]


def test_the_camera_sees_day_and_night() -> None:
    hour, bright, dark = hours("camera"), values("camera", "brightness"), values("camera", "night_vision")
    assert dark[(hour < 6) | (hour > 18)].all()
    assert not dark[(hour > 10) & (hour < 14)].any()
    assert bright[(hour > 11) & (hour < 13)].min() > 1_000
    motion = values("camera", "motion")
    assert motion[(hour > 7) & (hour < 18)].mean() > 3 * motion[hour < 5].mean()


def test_motion_people_and_bit_rate_agree() -> None:
    found = readings(one_fleet("camera", devices=1, interval="10s", duration="1d"))
    moving = [reading.values for reading in found if reading.values["motion"]]
    still = [reading.values for reading in found if not reading.values["motion"]]
    assert all(one["people"] >= 1 and one["motion_level"] >= 8 and one["recording"] for one in moving)
    assert all(one["people"] == 0 and one["motion_level"] <= 1.5 for one in still)
    assert min(one["bitrate"] for one in moving) > 1_000


def test_a_camera_obeys() -> None:
    run = Plan(one_fleet("camera", devices=1, interval="1s", duration="1h")).run()
    assert steps(run, 1)[0]["night_vision"]
    assert run.command(0, "set_night_vision", {"mode": "off"}).executed
    assert run.command(0, "start_recording", {}).executed
    assert all(one["recording"] and not one["night_vision"] for one in steps(run, 1))
    assert run.command(0, "stop_recording", {}).executed
    assert not all(one["recording"] for one in steps(run, 1))
    assert not run.command(0, "set_night_vision", {"mode": "dim"}).executed
    assert run.configure(0, {"night_vision": "on"})["night_vision"] == "on"
    assert all(one["night_vision"] for one in steps(run, 1))


def test_pollutants_correlate() -> None:
    fine, coarse, nitrogen = (values("air_quality", name) for name in ("pm2_5", "pm10", "no2"))
    assert np.corrcoef(fine, coarse)[0, 1] > 0.95
    assert np.corrcoef(fine, nitrogen)[0, 1] > 0.95
    assert np.corrcoef(values("air_quality", "co2"), values("air_quality", "voc"))[0, 1] > 0.95
    assert (coarse >= fine).all()
    hour = hours("air_quality")
    assert fine[(hour > 7) & (hour < 9)].mean() > 1.5 * fine[hour < 4].mean()
    assert values("air_quality", "co2").min() > 400


def test_the_index_follows_the_particles() -> None:
    street = ", parameters: {place: street, pollution: 5}"
    index, level = values("air_quality", "aqi", street), values("air_quality", "level", street)
    assert index.max() > 150
    words = np.array(["good", "moderate", "unhealthy", "hazardous"])
    assert level.tolist() == words[np.searchsorted([50, 100, 300], index)].tolist()


def test_offices_have_fresh_air_at_night() -> None:
    hour, carbon = hours("air_quality"), values("air_quality", "co2", ", parameters: {place: office}")
    assert carbon[(hour > 10) & (hour < 16)].mean() > carbon[hour < 5].mean() + 100


@settings(max_examples=10, deadline=None)
@given(setpoint=st.floats(15, 26), loss=st.floats(0.02, 0.3), latitude=st.floats(-60, 60))
def test_a_thermostat_approaches_its_setpoint(setpoint: float, loss: float, latitude: float) -> None:
    more = f", parameters: {{setpoint: {setpoint:.1f}, loss: {loss:.3f}, latitude: {latitude:.1f}}}"
    found = readings(one_fleet("thermostat", devices=1, interval="5m", duration="7h", more=more))[48:]
    for reading in found:
        wanted = reading.values["setpoint"]
        # Heating cannot cool: where the outside is warmer, the room may be too.
        assert wanted - 0.4 <= reading.values["temperature"]
        assert reading.values["temperature"] <= wanted + 0.4 or reading.values["valve"] == 0
        assert reading.values["heating"] == (reading.values["valve"] > 0)


def test_a_thermostat_obeys_commands() -> None:
    run = Plan(one_fleet("thermostat", devices=1, interval="1m", duration="2d")).run()
    assert steps(run, 240)[-1]["temperature"] == pytest.approx(21, abs=0.3)
    result = run.command(0, "set_setpoint", {"setpoint": 24.2})
    assert (result.executed, result.values) == (True, {"setpoint": 24.0})
    warmer = steps(run, 240)
    assert warmer[0]["valve"] == 100
    assert warmer[-1]["temperature"] == pytest.approx(24, abs=0.3)
    assert run.command(0, "set_mode", {"mode": "eco"}).executed
    assert steps(run, 600)[-1]["temperature"] == pytest.approx(21, abs=0.3)
    assert run.command(0, "set_mode", {"mode": "off"}).executed
    off = steps(run, 600)
    assert not any(one["heating"] for one in off)
    assert off[-1]["temperature"] < 18


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("set_setpoint", {"setpoint": 31}, "from 5 to 30"),
        ("set_setpoint", {"setpoint": True}, "from 5 to 30"),
        ("set_setpoint", {}, "from 5 to 30"),
        ("set_mode", {"mode": "cool"}, "heat, eco, off"),
        ("explode", {}, "unknown to a thermostat; known: set_setpoint, set_mode, identify, reboot"),
    ],
)
def test_a_thermostat_refuses_wrong_commands(name: str, parameters: dict[str, Any], message: str) -> None:
    result = Plan(one_fleet("thermostat", devices=1)).run().command(0, name, parameters)
    assert not result.executed
    assert message in result.message


def test_a_configuration_is_followed_as_far_as_it_is_valid() -> None:
    run = Plan(one_fleet("thermostat", devices=2, interval="10s")).run()
    reported = run.configure(1, {"setpoint": 18, "mode": "melt", "interval_ms": 5_000, "other": 1})
    assert reported == {"interval_ms": 5_000, "setpoint": 18.0, "mode": "heat"}
    assert run.configure(1, {"interval_ms": 1})["interval_ms"] == 5_000
    assert run.configure(0, {}) == {"interval_ms": 10_000, "setpoint": 21.0, "mode": "heat"}
    found = [event for event in run.advance(60_000).events() if isinstance(event, Reading)]
    assert sum(event.device == 0 for event in found) == 6
    assert sum(event.device == 1 for event in found) in (11, 12)
    assert {event.values["setpoint"] for event in found if event.device == 1} == {18.0}


def test_a_tracker_moves_as_fast_as_it_states() -> None:
    found = readings(one_fleet("gps", devices=1, interval="10s", duration="12h"))
    odometer, speed = np.array(column(found, "odometer")), np.array(column(found, "speed"))
    assert (np.diff(odometer) >= 0).all()
    assert odometer[-1] > 50
    assert np.diff(odometer) == pytest.approx(speed[1:] / 360, abs=0.002)
    north = np.diff(column(found, "latitude")) * 111.2
    east = np.diff(column(found, "longitude")) * 111.2 * np.cos(np.radians(52.52))
    # Corners make the way shorter.
    straight = np.hypot(north, east)
    assert (straight <= np.diff(odometer) + 0.003).all()
    assert np.mean(abs(straight - np.diff(odometer)) < 0.004) > 0.9
    assert column(found, "ignition") == (speed > 0).tolist()


def test_a_tracker_drives_into_its_heading() -> None:
    found = readings(one_fleet("gps", devices=1, interval="30s", duration="12h"))
    heading = np.array(column(found, "heading"))[1:]
    north, east = np.diff(column(found, "latitude")), np.diff(column(found, "longitude")) * np.cos(np.radians(52.52))
    moving = np.hypot(north, east) > 0.001
    error = (np.degrees(np.arctan2(east, north)) - heading + 180) % 360 - 180
    assert moving.sum() > 100
    assert np.median(abs(error[moving])) < 1
    assert (heading < 360).all()


def test_a_tracker_stays_near_its_base_and_rests_at_night() -> None:
    found = readings(one_fleet("gps", devices=1, interval="1m", duration="4d"))
    assert all(abs(reading.values["latitude"] - 52.52) * 111.2 < 8 * 1.41 for reading in found)
    hour, speed = np.array([one.time % DAY / HOUR for one in found]), np.array(column(found, "speed"))
    assert speed[(hour > 8) & (hour < 18)].mean() > 3 * speed[hour < 4].mean()


@settings(max_examples=10, deadline=None)
@given(peak=st.integers(1, 1_000_000), interval=st.integers(50, 5_000), seed=st.integers(0, 2**32))
def test_a_counter_never_falls(peak: int, interval: int, seed: int) -> None:
    text = (
        f"name: a\n"
        f"seed: {seed}\n"
        f"duration: {max(interval // 10, 1)}s\n"
        f"fleets: [{{name: a, model: energy, devices: 2, interval: {interval}ms, parameters: {{peak: {peak}}}}}]"
    )
    for device in range(2):
        assert (np.diff(column(readings(loads(text), device), "energy")) >= 0).all()


def test_energy_is_the_integral_of_power() -> None:
    found = readings(one_fleet("energy", devices=1, interval="1m", duration="1d"))
    energy, power = column(found, "energy"), np.array(column(found, "power"))
    assert energy[-1] - energy[0] == pytest.approx(power[1:].sum() / 60_000, abs=0.011)
    volts, amperes, factor = (np.array(column(found, name)) for name in ("voltage", "current", "power_factor"))
    assert volts * amperes * factor == pytest.approx(power, abs=3)
    hour = np.array([reading.time % DAY / HOUR for reading in found])
    assert power[(hour > 17) & (hour < 21)].mean() > 2 * power[(hour > 1) & (hour < 5)].mean()


def test_a_meter_obeys() -> None:
    run = Plan(one_fleet("energy", devices=1, interval="1m", duration="1d")).run()
    before = steps(run, 60)[-1]
    assert run.command(0, "disconnect", {}).values == {"relay": False}
    off = steps(run, 60)
    assert {(one["power"], one["energy"], one["relay"]) for one in off} == {(0.0, before["energy"], False)}
    assert run.command(0, "connect", {}).executed
    assert steps(run, 60)[-1]["energy"] > before["energy"]
    assert run.configure(0, {"relay": False})["relay"] is False


@given(st.lists(st.integers(0, 6), max_size=40))
def test_rounds_have_each_row_once_and_each_device_in_its_order(devices: list[int]) -> None:
    device = np.array(sorted(devices), np.int64)
    parts = [part.tolist() for part in rounds(device)]
    assert sorted(row for part in parts for row in part) == list(range(len(devices)))
    for part in parts:
        assert len({int(device[row]) for row in part}) == len(part)
    for one in set(devices):
        rows = [row for part in parts for row in part if device[row] == one]
        assert rows == sorted(rows)


def test_weeks_and_days_are_visible_in_all_models_that_have_them() -> None:
    text = "name: a\nduration: 4d\nfleets: [{name: a, model: gps, devices: 10, interval: 10m}]"
    found = [event for event in events(loads(text)) if isinstance(event, Reading)]
    friday = np.mean([one.values["speed"] for one in found if one.due // DAY == 1])
    sunday = np.mean([one.values["speed"] for one in found if one.due // DAY == 3])
    assert sunday < friday * 0.6


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_the_common_commands(model: str) -> None:
    run = Plan(one_fleet(model, devices=1, duration="1m")).run()
    assert [run.command(0, name, {}).executed for name in ("identify", "reboot", "fly")] == [True, True, False]
