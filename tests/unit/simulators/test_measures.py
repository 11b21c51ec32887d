"""Durations of a run."""

import random

import pytest

from iotflow_simulators.running.histogram import Histogram
from iotflow_simulators.running.measures import Measures


def test_quantiles_are_right_to_a_tenth() -> None:
    chance, histogram = random.Random(5), Histogram()  # noqa: S311
    durations = sorted(chance.lognormvariate(-6, 2) for _ in range(5_000))
    for duration in durations:
        histogram.add(duration)
    for share in (0.01, 0.5, 0.9, 0.99, 0.999):
        exact = durations[int(share * len(durations))]
        assert histogram.quantile(share) == pytest.approx(exact, rel=0.1, abs=2e-5)
    assert histogram.quantile(1.0) == durations[-1] == histogram.highest


def test_durations_beyond_all_buckets_count() -> None:
    histogram = Histogram()
    assert histogram.quantile(0.99) == 0.0
    for duration in (0.0, -1.0, 1e-9, 1e9):
        histogram.add(duration)
    assert histogram.count == 4
    assert histogram.quantile(0.5) <= 2e-5


def test_a_late_schedule_is_the_simulators_own_limit() -> None:
    measures = Measures()
    for _ in range(1_000):
        measures.lag.add(0.01)
    assert not measures.is_own_limit
    for _ in range(20):
        measures.lag.add(0.5)
    assert measures.is_own_limit


def test_nothing_is_measured_before_the_schedule_begins() -> None:
    measures = Measures()
    assert (measures.seconds, measures.processor_share, measures.is_own_limit) == (0.0, 0.0, False)
