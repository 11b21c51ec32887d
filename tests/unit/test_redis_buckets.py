"""Requests for tokens go to Redis together, and return without a result where it does not answer."""

import asyncio
from typing import Any, cast

import pytest

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.token_buckets import RedisBuckets
from iotflow_server.errors import Unavailable

PATIENCE, LONG = 10.0, 3_600.0


class Redis:
    """A connection to a Redis that returns full buckets once it may answer. trips: the keys of each round trip."""

    def __init__(self) -> None:
        self.trips: list[list[str]] = []
        self.arrived = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.is_away = False

    async def run(self, work: Any) -> Any:
        """As RedisConnection.run()."""
        return await work(self)

    async def evalsha(self, _name: str, _keys: int, *words: Any) -> list[bytes]:
        """Run a script."""
        self.trips.append(list(words[::3]))
        self.arrived.set()
        await self.may_answer.wait()
        if self.is_away:
            raise Unavailable("REDIS_UNAVAILABLE", "away")
        return [str(most).encode() for most in words[1::3]]


def buckets(redis: Redis, patience: float = LONG) -> RedisBuckets:
    """The buckets of one server."""
    return RedisBuckets(cast(RedisConnection, redis), patience_seconds=patience)


async def together(shared: RedisBuckets, *keys: str) -> list[float | None]:
    """The results of concurrent requests."""
    async with asyncio.timeout(PATIENCE):
        return list(await asyncio.gather(*(shared.request(key, len(key), 1) for key in keys)))


async def test_concurrent_requests_share_a_round_trip() -> None:
    redis = Redis()
    redis.may_answer.set()
    shared = buckets(redis)
    assert await together(shared, "a", "bb") == [1.0, 2.0]
    assert await together(shared, "ccc") == [3.0]
    assert redis.trips == [["a", "bb"], ["ccc"]]
    await shared.close()


async def test_requests_during_a_round_trip_share_the_next_one() -> None:
    redis = Redis()
    shared = buckets(redis)
    first = asyncio.create_task(together(shared, "a"))
    async with asyncio.timeout(PATIENCE):
        await redis.arrived.wait()
        later = asyncio.create_task(together(shared, "bb", "ccc"))
        await asyncio.sleep(0)
        redis.may_answer.set()
        assert [await first, await later] == [[1.0], [2.0, 3.0]]
    assert redis.trips == [["a"], ["bb", "ccc"]]
    await shared.close()


async def test_requests_have_no_result_while_redis_is_away() -> None:
    """After a failure there are no round trips for a while."""
    redis = Redis()
    redis.is_away = True
    redis.may_answer.set()
    shared = buckets(redis)
    assert await together(shared, "a", "bb") == [None, None]
    assert await together(shared, "ccc") == [None]
    assert redis.trips == [["a", "bb"]]
    await shared.close()


async def test_requests_have_no_result_while_redis_hangs() -> None:
    """Later ones do not wait."""
    redis = Redis()
    shared = buckets(redis, patience=0.001)
    assert await together(shared, "a") == [None]
    assert await together(shared, "bb", "ccc") == [None, None]
    assert redis.trips == [["a"]]
    await shared.close()


@pytest.mark.parametrize("keys", [["a"], ["a", "bb"]])
async def test_requests_in_progress_have_no_result_when_the_server_ends(keys: list[str]) -> None:
    redis = Redis()
    shared = buckets(redis)
    waiting = asyncio.create_task(together(shared, *keys))
    async with asyncio.timeout(PATIENCE):
        await redis.arrived.wait()
        await shared.close()
        assert await waiting == [None] * len(keys)
