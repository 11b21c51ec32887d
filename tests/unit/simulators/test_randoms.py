"""Random numbers and cycles are equal everywhere, and distributed as they state."""

import math

import numpy as np
import pytest

from iotflow_simulators.cycles import DAY, HOUR, YEAR, daylight, is_weekend, profile, quantized, season, wave, weekday
from iotflow_simulators.randoms import Draws, device_keys, key
from tests.unit.simulators.scenarios import START

KEYS = device_keys(7, ["a", "b"])
MANY = np.arange(50_000, dtype=np.int64)
ZEROS = np.zeros(50_000, np.int64)


def test_known_words() -> None:
    # SplitMix64 of the seed 0 begins with this word.
    words = Draws(np.zeros(1, np.uint64), "x")
    words._keys = np.zeros(1, np.uint64)
    assert words.words(np.zeros(1, np.int64), np.zeros(1, np.int64)).tolist() == [0xE220A8397B1DCDAF]
    assert key("a", 1) == key("a", "1") != key("a1")
    assert KEYS.tolist() == [key(7, "a"), key(7, "b")]


def test_numbers_depend_on_device_purpose_and_index_only() -> None:
    draws = Draws(KEYS, "noise")
    both = draws.uniform(np.array([0, 1, 0]), np.array([5, 5, 6]))
    assert len(set(both.tolist())) == 3
    assert draws.uniform(np.array([1]), np.array([5]))[0] == both[1]
    assert Draws(KEYS[1:], "noise").uniform(np.array([0]), np.array([5]))[0] == both[1]
    assert Draws(KEYS, "other").uniform(np.array([1]), np.array([5]))[0] != both[1]


def test_distributions() -> None:
    draws = Draws(KEYS, "noise")
    uniform, noise = draws.uniform(ZEROS, MANY), draws.noise(ZEROS, MANY)
    assert 0 <= uniform.min() < 0.001
    assert 0.999 < uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)
    assert (noise.mean(), noise.std()) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))
    assert abs(noise).max() < 3.5
    assert np.mean(abs(noise) < 1) == pytest.approx(0.68, abs=0.02)
    assert draws.below(ZEROS, MANY, 0.05).mean() == pytest.approx(0.05, abs=0.005)
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.02
    constants = Draws(device_keys(1, [str(n) for n in range(5_000)]), "c")
    assert (constants.whole(10).min(), constants.whole(10).max()) == (0, 9)
    assert constants.between(2.0, 4.0).mean() == pytest.approx(3, abs=0.05)


def test_smooth_numbers_change_slowly() -> None:
    smooth = Draws(KEYS, "weather").smooth(ZEROS, MANY * 1_000, 600_000)
    assert -1 <= smooth.min() < -0.8
    assert 0.8 < smooth.max() <= 1
    assert abs(np.diff(smooth)).max() < 0.01


def test_the_wave_is_nearly_a_sine() -> None:
    turns = np.linspace(-2, 3, 5_001)
    sine = np.array([math.sin(2 * math.pi * turn) for turn in turns])
    assert abs(wave(turns) - sine).max() < 0.002


def test_the_calendar() -> None:
    days = START + np.arange(7, dtype=np.int64) * DAY
    assert weekday(days).tolist() == [3, 4, 5, 6, 0, 1, 2]
    assert is_weekend(days).tolist() == [False, False, True, True, False, False, False]
    assert season(np.array([START, START + YEAR // 2]), 50.0).tolist() == pytest.approx([-1, 1], abs=0.05)
    assert season(np.array([START]), -50.0)[0] == pytest.approx(1, abs=0.05)


def test_profiles_are_interpolated_and_meet_at_midnight() -> None:
    hours = [float(hour) for hour in range(24)]
    times = np.array([START, START + HOUR // 2, START + 23 * HOUR, START + 23 * HOUR + HOUR // 2])
    assert profile(times, hours).tolist() == [0.0, 0.5, 23.0, 11.5]


def test_days_are_longer_in_summer() -> None:
    def bright(day: int) -> int:
        times = day + np.arange(0, DAY, HOUR // 6)
        return int(np.count_nonzero(daylight(times, times, 52.0)))

    assert 43 <= bright(START) <= 52
    assert 92 <= bright(START + YEAR // 2 // DAY * DAY) <= 103


def test_quantized_numbers_are_the_shortest_decimals() -> None:
    assert quantized(np.array([21.23, 0.1 + 0.2, -0.07]), 10.0).tolist() == [21.2, 0.3, -0.1]
