"""The times of rows that are added without a time."""

import time

import pytest

from iotflow.clock import DeviceClock, RisingTimes, ServerClock
from iotflow.connection import Connection
from tests.unit.client.server_time import NOW, response


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The monotonic time in nanoseconds, which the test changes."""
    now = [50_000_000_000]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    return now


def test_the_clock_of_the_server_is_unknown_before_its_first_answer() -> None:
    clock = ServerClock()
    assert (clock.now(), clock.from_monotonic(clock.monotonic())) == (None, None)


def test_the_clock_of_the_server_goes_on_from_the_middle_of_the_call(fixed_time: list[int]) -> None:
    clock = ServerClock()
    assert clock.monotonic() == 50_000
    clock.observe(response(), 49.0, 51.0)
    assert clock.now() == NOW
    fixed_time[0] += 7_000_000
    assert clock.now() == NOW + 7
    # A row that was added before the answer.
    assert clock.from_monotonic(40_000) == NOW - 10_000


def test_a_later_answer_sets_the_clock_again(fixed_time: list[int]) -> None:
    clock = ServerClock()
    clock.observe(response(), 49.0, 51.0)
    fixed_time[0] += 1_000_000_000
    clock.observe(response(), 51.0, 51.0)
    assert clock.now() == NOW


async def test_the_clock_of_the_device_is_known_at_once(fixed_time: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: NOW * 1_000_000)
    clock = DeviceClock()
    await clock.known()
    await clock.run(Connection("127.0.0.1:1"))
    assert (clock.now(), clock.monotonic()) == (NOW, fixed_time[0] // 1_000_000)
    assert clock.from_monotonic(clock.monotonic() - 3_000) == NOW - 3_000


@pytest.mark.parametrize(
    ("clock_times", "row_times"),
    [
        ([10, 20, 21], [10, 20, 21]),
        ([10, 10, 10, 11], [10, 11, 12, 13]),
        ([10, 10, 10, 20], [10, 11, 12, 20]),
        # A second back: many rows within a moment. More: the clock was set.
        ([5_000, 4_000], [5_000, 5_001]),
        ([5_000, 3_999], [5_000, 3_999]),
        ([5_000, 3_999, 3_999], [5_000, 3_999, 4_000]),
    ],
)
def test_times_rise_unless_the_clock_is_set_back(clock_times: list[int], row_times: list[int]) -> None:
    rising = RisingTimes()
    assert [rising.next(now) for now in clock_times] == row_times
