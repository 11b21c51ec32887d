"""Times for readings that came without one are given once."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from iotflow_server.errors import LimitExceeded, Unavailable
from iotflow_server.telemetry.arrival import AHEAD_MS, ArrivalClock
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.store import Latest
from iotflow_server.telemetry.stores.sqlite import SqliteStore

NOW = 1_767_225_600_000


async def stamp_and_store(clock: ArrivalClock, store: SqliteStore, readings: int) -> range:
    first = await clock.stamp(1, readings)
    times = np.arange(first, first + readings)
    await store.write([Batch(1, times, (Column("n", ValueType.INT64, times),))])
    return range(first, first + readings)


def test_no_time_is_given_twice_not_even_by_the_next_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(tmp_path / "readings.db")
        await store.start()
        given: list[int] = []
        for _process in range(3):
            clock = ArrivalClock(store, lambda: NOW)
            for readings in (1, 1, 1_000, 3):
                given += await stamp_and_store(clock, store, readings)
        assert len(given) == len(set(given)) == 3 * 1_005
        assert given[0] == NOW
        assert max(given) <= NOW + AHEAD_MS
        await store.close()

    asyncio.run(scenario())


def test_more_than_a_reading_a_millisecond_is_told_to_send_times(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(tmp_path / "readings.db")
        await store.start()
        clock = ArrivalClock(store, lambda: NOW)
        await clock.stamp(1, 10_000)
        await clock.stamp(1, 10_000)
        with pytest.raises(LimitExceeded) as refused:
            await clock.stamp(1, 1)
        assert refused.value.reason == "ARRIVAL_RATE"
        await store.close()

    asyncio.run(scenario())


def test_a_device_of_wrong_clock_does_not_carry_the_servers_time_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(tmp_path / "readings.db")
        await store.start()
        future = np.array([NOW + 10**10])
        await store.write([Batch(1, future, (Column("n", ValueType.INT64, future),))])
        assert await ArrivalClock(store, lambda: NOW).stamp(1, 1) == NOW
        await store.close()

    asyncio.run(scenario())


class AwayStore(SqliteStore):
    """Takes no questions."""

    async def latest(self, *_: object) -> dict[int, tuple[Latest, ...]]:
        raise Unavailable("STORE_UNAVAILABLE", "away")


def test_where_the_store_cannot_tell_no_time_of_the_process_before_is_given(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = AwayStore(tmp_path / "readings.db")
        now = NOW
        before = ArrivalClock(store, lambda: now)
        now += AHEAD_MS
        last = await before.stamp(1, 10_000) + 9_999
        after = ArrivalClock(store, lambda: now)
        now += 1
        assert await after.stamp(1, 1) > last

    asyncio.run(scenario())
