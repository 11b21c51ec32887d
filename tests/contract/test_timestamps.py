"""Every TimestampAllocator allocates each timestamp once."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from iotflow_server.errors import LimitExceeded
from iotflow_server.telemetry.timestamps import AHEAD_MS
from tests.support.redis_server import RedisServer, redis_server
from tests.support.timestamps import MOST_READINGS, Site, Times, site

Opening = Callable[[], AbstractAsyncContextManager[Site]]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["alone", "redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    if request.param == "alone":
        return lambda: site(tmp_path)
    server: RedisServer = request.getfixturevalue("redis")
    with server.client() as client:
        client.flushall()
    return lambda: site(tmp_path, server.url)


async def test_no_timestamp_is_allocated_twice_even_by_the_next_process(opened: Opening) -> None:
    async with opened() as place:
        times = Times([])
        for _process in range(3):
            clock = await place.process()
            for readings in (1, 1, 1_000, 3):
                given = await clock.allocate(1, readings)
                await place.store(given)
                times.add(given)
        assert times.distinct
        assert len(times.given) == 3 * 1_005
        assert max(times.given) <= place.now + AHEAD_MS


async def test_a_reading_gets_its_time_of_arrival(opened: Opening) -> None:
    async with opened() as place:
        clock = await place.process()
        for _ in range(5):
            place.now += 7
            (time,) = await clock.allocate(1, 1)
            assert place.now - 1 <= time <= place.now


async def test_readings_of_one_call_get_ascending_earlier_timestamps(opened: Opening) -> None:
    async with opened() as place:
        times = await (await place.process()).allocate(1, MOST_READINGS)
        assert list(times) == sorted(set(times))
        assert len(times) == MOST_READINGS
        assert place.now - 1 <= times[-1] <= place.now
        assert times[0] >= place.now - 2 * MOST_READINGS


async def test_concurrent_calls_get_distinct_timestamps(opened: Opening) -> None:
    async with opened() as place:
        clock = await place.process()
        given = await asyncio.gather(*(clock.allocate(1, 1 + number % 3) for number in range(300)))
        times = Times([time for some in given for time in some])
        assert times.distinct


async def test_too_many_readings_are_refused_with_the_advice_to_send_timestamps(opened: Opening) -> None:
    async with opened() as place:
        clock = await place.process()
        with pytest.raises(LimitExceeded) as refused:
            for _ in range(10):
                await clock.allocate(1, MOST_READINGS)
        assert refused.value.reason == "ARRIVAL_RATE"
        assert refused.value.retry_after
        place.now += round(refused.value.retry_after * 1_000)
        await clock.allocate(1, MOST_READINGS)


async def test_devices_are_independent(opened: Opening) -> None:
    async with opened() as place:
        clock = await place.process()
        assert await clock.allocate(1, 100) == await clock.allocate(3, 100)


async def test_a_device_with_a_wrong_clock_does_not_shift_allocated_timestamps(opened: Opening) -> None:
    async with opened() as place:
        await place.store([place.now + 10**10])
        (time,) = await (await place.process()).allocate(1, 1)
        assert place.now - 1 <= time <= place.now
