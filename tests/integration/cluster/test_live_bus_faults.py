"""The live bus while Redis is killed, emptied, hanging or full, and with readers that are too slow."""

import asyncio
from collections.abc import Callable
from functools import partial

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.live.stream import LiveStream, StreamPosition
from tests.support.live import PATIENCE, Process, Receiver, several, sharing, stored
from tests.support.redis_server import RedisServer

# Longest time of one call, with time to spare on a busy machine; without a time limit it would never end.
BOUND = 2.0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


def all_of(device_id: int, count: int) -> Callable[[Receiver], bool]:
    return lambda receiver: len(receiver.values[device_id]) >= count


async def store_numbers(site: Process, device_id: int, first: int, end: int) -> None:
    """Store values one by one. Raises TimeoutError if a call takes longer than BOUND."""
    for number in range(first, end):
        async with asyncio.timeout(BOUND):
            await site.store(stored(device_id, [number]))


async def test_nothing_is_lost_or_duplicated_when_redis_is_killed_and_restarted(redis: RedisServer) -> None:
    async with several(redis.url, 2) as (here, there):
        with here.receiving() as own, there.receiving() as other:
            await store_numbers(here, 1, 0, 100)
            # Entries that were not read are lost with Redis.
            redis.kill()
            await store_numbers(here, 1, 100, 200)
            await own.until(all_of(1, 200))
            await other.until(lambda receiver: receiver.states == [True])
            assert here.bus.state.backlog_bytes > 0
            redis.start()
            await until(lambda: not here.bus.state.degraded and not there.bus.state.degraded)
            await store_numbers(here, 1, 200, 300)
            await store_numbers(there, 2, 0, 100)
            for receiver in (own, other):
                await receiver.until(all_of(2, 100))
                await receiver.until(all_of(1, 300))
                assert receiver.values == {1: list(range(300)), 2: list(range(100))}
                assert receiver.dropped == 0
                assert receiver.states == [True, False]
            assert here.bus.state.backlog_bytes == 0


async def test_killed_repeatedly_while_devices_send(redis: RedisServer) -> None:
    async with several(redis.url, 2) as (here, there):

        async def send(first: int) -> None:
            await asyncio.gather(
                store_numbers(here, 1, first, first + 200), store_numbers(there, 2, first, first + 200)
            )

        with here.receiving() as own, there.receiving() as other:
            for killing in range(5):
                first = 600 * killing
                async with asyncio.TaskGroup() as sending:
                    sending.create_task(send(first))
                    sending.create_task(asyncio.to_thread(redis.kill))
                await send(first + 200)
                async with asyncio.TaskGroup() as sending:
                    sending.create_task(send(first + 400))
                    sending.create_task(asyncio.to_thread(redis.start))
                if killing % 2:
                    await until(lambda: not here.bus.state.degraded)
            for receiver in (own, other):
                await receiver.until(lambda receiver: all_of(1, 3_000)(receiver) and all_of(2, 3_000)(receiver))
                assert receiver.values == {1: list(range(3_000)), 2: list(range(3_000))}


async def test_a_redis_without_its_data_is_filled_by_new_readings(redis: RedisServer) -> None:
    async with several(redis.url, 2) as (here, there):
        with here.receiving() as own, there.receiving() as other:
            for number in range(10):
                await store_numbers(here, 1, number * 10, number * 10 + 10)
                with redis.client() as visitor:
                    visitor.delete("{iotflow:live}:totals") if number % 2 else visitor.flushall()
            for receiver in (own, other):
                await receiver.until(all_of(1, 100))
                assert receiver.values[1] == list(range(100))


async def test_a_hanging_redis_delays_senders_once_and_briefly(redis: RedisServer) -> None:
    async with several(redis.url, 2) as (here, there):
        with here.receiving() as own, there.receiving() as other:
            await store_numbers(here, 1, 0, 10)
            redis.freeze()
            # Delayed each time, they would take 245 seconds.
            async with asyncio.timeout(10 * BOUND):
                await store_numbers(here, 1, 10, 500)
            await own.until(all_of(1, 500))
            assert own.states == [True]
            await other.until(lambda receiver: receiver.states == [True])
            # Redis carries out the calls that timed out, and the backlog is appended again.
            redis.thaw()
            for receiver in (own, other):
                await receiver.until(all_of(1, 500))
                await receiver.until(lambda receiver: receiver.states[-1:] == [False])
                await store_numbers(here, 2, 0, 1)
                await receiver.until(all_of(2, 1))
                assert receiver.values[1] == list(range(500))
                assert receiver.dropped == 0


async def test_a_new_subscriber_is_informed_at_once_that_redis_is_down(redis: RedisServer) -> None:
    redis.kill()
    async with sharing(redis.url) as site:
        with site.receiving() as receiver:
            await receiver.until(lambda receiver: receiver.states == [True])
            assert await site.bus.check() == site.bus.state.message != ""
            await store_numbers(site, 1, 0, 3)
            await receiver.until(all_of(1, 3))
            redis.start()
            await receiver.until(lambda receiver: receiver.states == [True, False])
            assert await site.bus.check() == ""
            await store_numbers(site, 1, 3, 6)
            await receiver.until(all_of(1, 6))
            assert receiver.values[1] == list(range(6))


async def test_beyond_the_backlog_the_oldest_are_dropped_and_their_number_is_reported(redis: RedisServer) -> None:
    rows, batches = 1_000, 100
    async with sharing(redis.url, backlog_bytes=20 * rows * 16) as here, sharing(redis.url) as there:
        with here.receiving() as own, there.receiving() as other:
            redis.kill()
            for number in range(batches):
                await here.store(stored(1, [number] * rows))
            assert here.bus.state.backlog_bytes <= 20 * rows * 16
            redis.start()
            await other.until(lambda receiver: all_of(1, 1)(receiver) and receiver.values[1][-1] == batches - 1)
            await own.until(all_of(1, rows * batches))
            assert len(other.values[1]) + other.dropped == rows * batches
            assert other.dropped == here.bus.state.dropped > 0
            assert other.values[1] == [number for number in range(batches) for _ in range(rows)][other.dropped :]
            assert own.dropped == 0


async def test_a_full_redis_counts_as_unavailable(redis: RedisServer) -> None:
    async with several(redis.url, 2) as (here, there):
        with here.receiving() as own, there.receiving() as other, redis.client() as visitor:
            visitor.config_set("maxmemory", 1)
            await store_numbers(here, 1, 0, 50)
            await own.until(all_of(1, 50))
            assert here.bus.state.degraded
            visitor.config_set("maxmemory", 0)
            await other.until(all_of(1, 50))
            assert own.values == other.values == {1: list(range(50))}


async def test_a_process_that_is_too_slow_for_the_stream_reports_how_much_it_missed(redis: RedisServer) -> None:
    rows, batches = 1_000, 300
    gate = asyncio.Event()
    gate.set()

    class SlowStream(LiveStream):
        async def read(self, position: StreamPosition) -> list[tuple[StreamPosition, bytes]]:
            entries = await super().read(position)
            await gate.wait()
            return entries

    short = partial(LiveStream, limit_bytes=50 * rows * 16)
    async with sharing(redis.url, stream=SlowStream) as slow, sharing(redis.url, stream=short) as here:
        with slow.receiving() as receiver, here.receiving() as own:
            await store_numbers(here, 2, 0, 1)
            await receiver.until(all_of(2, 1))
            gate.clear()
            for number in range(batches):
                await here.store(stored(1, [number] * rows))
                if number % 10 == 9:
                    # Its own subscriber keeps up.
                    await own.until(all_of(1, rows * (number + 1)))
            gate.set()
            await receiver.until(lambda receiver: all_of(1, 1)(receiver) and receiver.values[1][-1] == batches - 1)
            assert receiver.dropped == slow.bus.state.dropped > 0
            assert len(receiver.values[1]) + receiver.dropped == rows * batches
            await own.until(all_of(1, rows * batches))
            assert own.dropped == 0


async def test_the_stream_is_bounded_by_bytes_for_entries_of_any_size(redis: RedisServer) -> None:
    limit = 2**20
    async with sharing(redis.url, stream=partial(LiveStream, limit_bytes=limit)) as site:
        for rows, batches in ((1, 6_000), (20_000, 30), (200, 400)):
            for _ in range(batches // 10):
                await asyncio.gather(*(site.store(stored(number, range(rows))) for number in range(10)))
            with redis.client() as visitor:
                held = visitor.memory_usage("{iotflow:live}:stream", samples=0)
            assert limit / 2 < held < 2 * limit, (rows, held)


async def test_large_numbers_stay_exact(redis: RedisServer) -> None:
    connection = RedisConnection(redis.url)
    stream = LiveStream(connection)
    place = await stream.end()
    with redis.client() as visitor:
        visitor.hset("{iotflow:live}:totals", mapping={"bytes": 10**15, "readings": 10**15})
    await stream.append(place.epoch, [(3, b"abc"), (4, b"defg")], 1)
    read = await stream.read(place)
    assert [(at.bytes, at.readings, payload) for at, payload in read] == [
        (10**15 + 67, 10**15 + 3, b"abc"),
        (10**15 + 135, 10**15 + 7, b"defg"),
    ]
    assert await stream.end() == read[-1][0]
    await connection.close()
