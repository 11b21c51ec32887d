"""Cycles of the day, the week and the year, from + - * / alone: the functions of math differ between machines."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.randoms import Floats, Ints

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
YEAR = 31_556_952_000
# 1970 began on a Thursday; the coldest day in the north is about the 20th of January.
_THURSDAY = 3
_COLDEST = 20 * DAY


def wave(turns: Floats) -> Floats:
    """Nearly the sine of this many full turns: Bhaskara's approximation, with an error below 0.002."""
    share = turns - np.floor(turns)
    negative = share >= 0.5
    half = np.where(negative, share * 2.0 - 1.0, share * 2.0)
    product = half * (1.0 - half)
    height = 16.0 * product / (5.0 - 4.0 * product)
    return np.where(negative, -height, height)


def season(time: Ints, latitude: float) -> Floats:
    """1 in the middle of the summer, -1 in the middle of the winter. time: ms since 1970."""
    turns = ((time - _COLDEST) % YEAR) / np.float64(YEAR) - 0.25
    return wave(turns) if latitude >= 0 else -wave(turns)


def hour_of_day(local: Ints) -> Floats:
    """Hours since midnight. local: ms since 1970 in local time."""
    return (local % DAY) / np.float64(HOUR)


def weekday(local: Ints) -> Ints:
    """0: Monday, 6: Sunday."""
    return (local // DAY + _THURSDAY) % 7


def is_weekend(local: Ints) -> NDArray[np.bool_]:
    """Whether the day is a Saturday or a Sunday."""
    return weekday(local) >= 5


def profile(local: Ints, hours: Sequence[float]) -> Floats:
    """A value for each hour of the day, with straight lines between. hours: 24 numbers, each at the start of its hour."""
    table = np.array([*hours, hours[0]], np.float64)
    since = local % DAY
    hour = since // HOUR
    share = (since - hour * HOUR) / np.float64(HOUR)
    first = table[hour]
    return first + (table[hour + 1] - first) * share


def daylight(time: Ints, local: Ints, latitude: float) -> Floats:
    """0 at night, 1 at noon. The day's length follows season and latitude."""
    half = 6.0 + season(time, latitude) * (2.15 / 52.0) * abs(latitude)
    half = np.minimum(np.maximum(half, 0.5), 11.5)
    distance = (hour_of_day(local) - 12.0) / half
    return np.maximum(1.0 - distance * distance, 0.0)


def quantized(values: Floats, steps: float) -> Floats:
    """The nearest multiples of 1 / steps."""
    return np.rint(values * steps) / steps
