"""The clock of the server during steps of the system clock, and its users."""

import asyncio
import itertools
from pathlib import Path

import numpy as np
import pytest

from iotflow_server.clock import CONFIRM_MS, IS_SET_FROM_MS, MOST_SLEWED_MS, SETTLED_MS, TOLERANCE_MS, SteadyClock
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from iotflow_server.telemetry.timestamps import LocalTimestampAllocator, NewestTimestamps

NOW, SECOND, DAY, YEAR = 1_767_225_600_000, 1_000, 86_400_000, 365 * 86_400_000


class Machine:
    """A system clock that can be set, and a monotonic clock."""

    def __init__(self, wall: float = NOW) -> None:
        self.wall = self.true = wall
        self.clock = SteadyClock(lambda: self.wall, lambda: self.true)

    def now(self) -> int:
        return int(self.clock.now())

    def step(self, milliseconds: float) -> None:
        self.wall += milliseconds

    def run(self, milliseconds: float, every: float = SECOND) -> None:
        """Let time pass; the clock is read at intervals."""
        end = self.true + milliseconds
        while self.true < end:
            self.true += every
            self.wall += every
            self.clock.now()


@pytest.mark.parametrize("step", [11 * SECOND, -11 * SECOND, YEAR, -YEAR])
def test_a_step_that_is_undone_has_no_effect(step: int) -> None:
    machine = Machine()
    machine.run(10 * SECOND)
    machine.step(step)
    for _ in range(20):
        machine.run(SECOND)
        assert machine.now() == machine.true
    machine.step(-step)
    machine.run(10 * SECOND)
    assert machine.now() == machine.true


@pytest.mark.parametrize("step", [11 * SECOND, YEAR, -YEAR])
def test_a_step_that_lasts_is_followed(step: int) -> None:
    machine = Machine()
    machine.step(step)
    machine.run(CONFIRM_MS + 5 * SECOND)
    assert machine.now() == machine.wall


def test_a_short_lasting_step_back_is_followed_without_repeated_times() -> None:
    machine = Machine()
    machine.step(-11 * SECOND)
    shown = [machine.now()]
    for _ in range(2_000):
        machine.run(50, every=50)
        shown.append(machine.now())
    assert all(after > before for before, after in itertools.pairwise(shown))
    assert abs(machine.now() - machine.wall) <= SECOND


def test_the_first_setting_of_the_clock_is_followed_at_once() -> None:
    machine = Machine(wall=1_000)
    machine.step(NOW)
    assert machine.now() == machine.wall


@pytest.mark.parametrize(("shown", "is_set"), [(IS_SET_FROM_MS - 1, False), (IS_SET_FROM_MS, True)])
def test_a_clock_that_shows_an_earlier_time_than_the_first_possible_one_is_not_set(shown: int, is_set: bool) -> None:
    machine = Machine(wall=shown)
    machine.step(YEAR)
    assert machine.now() == (machine.true if is_set else machine.wall)


def test_a_clock_that_is_not_set_is_not_set_back_at_once() -> None:
    machine = Machine(wall=YEAR)
    machine.step(-11 * SECOND)
    assert machine.now() == machine.true


@pytest.mark.parametrize(("step", "is_followed"), [(TOLERANCE_MS, True), (TOLERANCE_MS + 1, False)])
def test_a_difference_up_to_the_tolerance_is_followed_at_once(step: int, is_followed: bool) -> None:
    machine = Machine()
    machine.step(step)
    assert machine.now() == (machine.wall if is_followed else machine.true)


def test_a_small_difference_backwards_is_followed_at_half_the_speed() -> None:
    machine = Machine()
    machine.step(-TOLERANCE_MS)
    machine.run(SECOND)
    assert machine.now() == NOW + SECOND / 2


def test_a_step_is_followed_once_it_has_lasted_for_the_whole_time() -> None:
    machine = Machine()
    machine.step(YEAR)
    machine.now()
    machine.run(CONFIRM_MS - SECOND)
    assert machine.now() == machine.true
    machine.run(SECOND)
    assert machine.now() == machine.wall


@pytest.mark.parametrize(("change", "is_same"), [(TOLERANCE_MS, True), (TOLERANCE_MS + 1, False)])
def test_a_step_whose_size_changes_by_more_than_the_tolerance_is_another_one(change: int, is_same: bool) -> None:
    machine = Machine()
    machine.step(YEAR)
    machine.now()
    machine.step(change)
    machine.run(CONFIRM_MS)
    assert machine.now() == (machine.wall if is_same else machine.true)


@pytest.mark.parametrize(("step", "is_slewed"), [(MOST_SLEWED_MS, True), (MOST_SLEWED_MS + 1, False)])
def test_a_step_back_of_at_most_a_day_repeats_no_time(step: int, is_slewed: bool) -> None:
    machine = Machine()
    machine.step(-step)
    machine.now()
    machine.run(CONFIRM_MS)
    before = machine.now()
    machine.run(SECOND)
    assert machine.now() == (before + SECOND / 2 if is_slewed else machine.wall)


def test_the_clock_is_settled_after_a_long_agreement_only() -> None:
    machine = Machine()
    machine.run(SETTLED_MS - SECOND)
    assert not machine.clock.is_settled()
    machine.run(SECOND)
    assert machine.clock.is_settled()
    machine.step(YEAR)
    machine.run(10 * 60 * SECOND)
    assert not machine.clock.is_settled()
    machine.run(SETTLED_MS)
    assert machine.clock.is_settled()


@pytest.mark.parametrize("step", [-11 * SECOND, -3_600 * SECOND, -YEAR])
async def test_distinct_timestamps_are_allocated_while_the_clock_is_set_back(tmp_path: Path, step: int) -> None:
    machine = Machine()
    store = SqliteStore(tmp_path / "readings.db", clock=machine.now)
    await store.start()
    arrival = LocalTimestampAllocator(NewestTimestamps(store, machine.now), machine.now)
    given = list(await arrival.allocate(1, 100))
    machine.step(step)
    for _ in range(50):
        machine.run(SECOND)
        given += await arrival.allocate(1, 100)
    assert given == sorted(set(given))
    await store.close()


async def test_a_step_of_a_year_deletes_no_readings(tmp_path: Path) -> None:
    machine, due = Machine(), asyncio.Event()

    def settled() -> bool:
        due.set()
        return machine.clock.is_settled()

    async def removal() -> None:
        """Wait for a whole run of the removal, which the second check follows."""
        for _ in range(2):
            due.clear()
            await due.wait()

    store = SqliteStore(tmp_path / "readings.db", clock=machine.now, settled=settled, expiry_seconds=0.001)
    await store.start()
    times = np.array([NOW], np.int64)
    await store.write([Batch(1, times, (Column("t", ValueType.DOUBLE, np.ones(1)),))])
    await store.set_retention(None, 7 * DAY)
    machine.run(SETTLED_MS + SECOND, every=60 * SECOND)
    machine.step(YEAR)
    for _ in range(20):
        machine.run(SECOND)
        await removal()
    assert await store.count(1, Span()) == 1
    machine.step(-YEAR)
    machine.run(SECOND)
    await removal()
    assert await store.count(1, Span()) == 1
    await store.close()
