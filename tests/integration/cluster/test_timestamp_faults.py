"""Several processes allocate timestamps while Redis is killed, hangs, or restarts with no or old data."""

import asyncio
from pathlib import Path

from iotflow_server.cluster import timestamps
from iotflow_server.telemetry.timestamps import TimestampAllocator
from tests.support.redis_server import RedisServer
from tests.support.timestamps import ALONE_MS, QUIET_MS, Site, Times, site

PROCESSES = 3
# Numbers of the servers, and the number of processes of each.
MACHINES = ((1, 2), (2, 1), (3, 2), (4, 1))


async def several(place: Site) -> list[TimestampAllocator]:
    return [await place.process(number + 1, PROCESSES) for number in range(PROCESSES)]


async def all_stamp(processes: list[TimestampAllocator], times: Times, rounds: int = 20) -> list[range]:
    """Allocate concurrently; the clock stands still, so that all processes compete for the same timestamps."""
    given = await asyncio.gather(*(process.allocate(1, 1) for process in processes for _ in range(rounds)))
    for some in given:
        times.add(some)
    return given


def by_redis(given: list[range]) -> set[bool]:
    """Whether each timestamp was allocated by Redis or by its process."""
    return {times[0] % 2 == 0 for times in given}


async def test_processes_with_one_redis_share_the_timestamps(redis: RedisServer, tmp_path: Path) -> None:
    async with site(tmp_path, redis.url) as place:
        times = Times([])
        assert by_redis(await all_stamp(await several(place), times)) == {True}
        assert times.distinct
        assert max(times.given) - min(times.given) == 2 * (len(times.given) - 1)


async def test_no_timestamp_is_allocated_twice_while_redis_is_killed_and_restarts_empty(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with site(tmp_path, redis.url) as place:
        times, processes = Times([]), await several(place)
        await all_stamp(processes, times)
        redis.kill()
        assert by_redis(await all_stamp(processes, times)) == {False}
        redis.start()
        place.now += ALONE_MS
        assert by_redis(await all_stamp(processes, times)) == {False}
        place.now += QUIET_MS
        assert by_redis(await all_stamp(processes, times)) == {True}
        assert times.distinct


async def test_a_process_without_redis_allocates_no_timestamp_of_the_others(redis: RedisServer, tmp_path: Path) -> None:
    async with site(tmp_path, redis.url) as place:
        times, processes = Times([]), await several(place)
        redis.kill()
        await all_stamp(processes[:1], times)
        redis.start()
        # For Redis, longer ago than the wait of the first process.
        with redis.client() as client:
            client.set("{iotflow:arrival}:began", place.now - QUIET_MS)
            client.script_load(timestamps._ALLOCATE)
        given = await all_stamp(processes, times)
        assert by_redis(given[:20]) == {False}
        assert by_redis(given[20:]) == {True}
        assert times.distinct


async def test_a_redis_that_restarts_with_old_data_allocates_none_again(redis: RedisServer, tmp_path: Path) -> None:
    async with site(tmp_path, redis.url) as place:
        times, processes = Times([]), await several(place)
        await all_stamp(processes[:1], times, 1)
        with redis.client() as client:
            key = client.keys("*arrival}:1")[0]
            old = client.get(key)
            await all_stamp(processes, times, 100)
            # Like a restart from a snapshot: Redis has its old data and no scripts.
            client.set(key, old)
            client.script_flush()
        for _ in range(3):
            await all_stamp(processes, times)
            # In the meantime no reading with an allocated timestamp is stored.
            place.now += QUIET_MS // 2
        assert times.distinct


async def test_servers_on_several_machines_allocate_distinct_timestamps(redis: RedisServer, tmp_path: Path) -> None:
    """Redis is away, and each machine numbers its processes from 1."""
    async with site(tmp_path, redis.url) as place:
        times = Times([])
        machines = [await place.process(number + 1, of, server) for server, of in MACHINES for number in range(of)]
        redis.kill()
        assert by_redis(await all_stamp(machines, times)) == {False}
        place.now += ALONE_MS
        await all_stamp(machines, times)
        assert times.distinct
        assert len(times.given) == 2 * 20 * len(machines)
        redis.start()


async def test_a_hanging_redis_delays_no_call_for_long(redis: RedisServer, tmp_path: Path) -> None:
    async with site(tmp_path, redis.url) as place:
        place.patience = timestamps.PATIENCE_SECONDS
        times, (process, *_) = Times([]), await several(place)
        redis.freeze()
        # Waiting each time would take a hundred times the time limit.
        async with asyncio.timeout(20 * timestamps.PATIENCE_SECONDS):
            for _ in range(200):
                await all_stamp([process], times, 1)
                place.now += 5
        redis.thaw()
        assert times.distinct
