"""Servers share token buckets through Redis; without it each goes on alone, and no call waits long."""

import asyncio
import itertools
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.token_buckets import ALONE_SECONDS, PATIENCE_SECONDS, RedisBuckets, shared_buckets
from iotflow_server.interceptors.token_buckets import Buckets
from tests.support.redis_server import RedisServer

# Few, so that none is given back while a test runs.
PER_MINUTE = 5
# Longer than a busy machine takes for a round trip.
LONG = 10.0


@asynccontextmanager
async def servers(
    redis: RedisServer, *, per_minute: int = PER_MINUTE, patience_seconds: float = LONG
) -> AsyncIterator[Sequence[Buckets]]:
    """The buckets of one limit at two servers."""
    connections = [RedisConnection(redis.url) for _ in range(2)]
    carriers = [RedisBuckets(connection, patience_seconds=patience_seconds) for connection in connections]
    try:
        yield [shared_buckets(carrier)("calls", per_minute) for carrier in carriers]
    finally:
        for carrier, connection in zip(carriers, connections, strict=True):
            await carrier.close()
            await connection.close()


async def allowed(calls: Sequence[Buckets], name: str = "caller") -> int:
    """The number of these calls, one after the other, that get a token."""
    return sum([await buckets.take(name) >= 1 for buckets in calls])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LONG):
        while not await condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def until_shared(buckets: Buckets, redis: RedisServer) -> None:
    """Redis has the bucket of a new caller."""
    names = (f"new {number}" for number in itertools.count())

    async def is_shared() -> bool:
        name = next(names)
        await buckets.take(name)
        with redis.client() as client:
            return bool(client.exists(f"iotflow:limit:calls:{name}"))

    await until(is_shared)


async def has_token(buckets: Buckets) -> bool:
    return await buckets.left("caller") >= 1


async def is_empty(redis: RedisServer) -> bool:
    with redis.client() as client:
        return not list(client.scan_iter())


async def test_all_servers_together_allow_exactly_the_limit(redis: RedisServer) -> None:
    async with servers(redis) as (one, two):
        assert await allowed([one, two] * PER_MINUTE) == PER_MINUTE
        assert await allowed([one] * 2 * PER_MINUTE, "another caller") == PER_MINUTE
        left = await two.left("another caller")
        assert 0 <= left < 1
        assert await two.left("another caller") >= left, "left() takes no token"


async def test_concurrent_calls_get_exactly_the_limit(redis: RedisServer) -> None:
    async with servers(redis) as both:
        lefts = await asyncio.gather(*(buckets.take("caller") for _ in range(20) for buckets in both))
        assert sum(left >= 1 for left in lefts) == PER_MINUTE
        lefts = await asyncio.gather(*(buckets.take(f"caller {n}") for n in range(300) for buckets in both))
        assert sorted(lefts) == pytest.approx([PER_MINUTE - 1] * 300 + [PER_MINUTE] * 300, abs=0.9)


async def test_each_server_limits_alone_while_redis_is_dead(redis: RedisServer) -> None:
    async with servers(redis) as (one, two):
        assert await allowed([one, two]) == 2
        redis.kill()
        assert await allowed([one] * 2 * PER_MINUTE) == PER_MINUTE - 1
        assert await allowed([two] * 2 * PER_MINUTE) == PER_MINUTE - 1
        redis.start()
        for buckets in (one, two):
            await until_shared(buckets, redis)
        assert await allowed([one, two] * PER_MINUTE, "another caller") == PER_MINUTE


async def test_a_hanging_redis_delays_calls_once_and_briefly(redis: RedisServer) -> None:
    async with servers(redis, patience_seconds=PATIENCE_SECONDS) as (one, two):
        await until_shared(one, redis)
        redis.freeze()
        began = time.monotonic()
        await asyncio.gather(*(one.take(f"caller {number}") for number in range(100)))
        delay = time.monotonic() - began
        assert await allowed([one] * 1_000) == PER_MINUTE
        # The machine may be busy; a wait for each call, or for the time limit of Redis, would be longer by far.
        assert delay < 20 * PATIENCE_SECONDS
        assert time.monotonic() - began < ALONE_SECONDS
        redis.thaw()
        for buckets in (one, two):
            await until_shared(buckets, redis)


async def test_a_step_of_the_clock_of_redis_closes_no_bucket(redis: RedisServer) -> None:
    per_minute = 600
    async with servers(redis, per_minute=per_minute) as (one, _):
        with redis.client() as client:
            # An hour ahead: the clock of Redis has been set back since.
            client.set("iotflow:limit:calls:caller", struct.pack("=dd", 0.0, time.time() + 3600))
        assert await one.left("caller") == 0
        await until(lambda: has_token(one))


async def test_full_buckets_expire_in_redis(redis: RedisServer) -> None:
    async with servers(redis, per_minute=600) as both:
        await asyncio.gather(*(buckets.take(f"caller {number}") for number in range(100) for buckets in both))
        await until(lambda: is_empty(redis))
