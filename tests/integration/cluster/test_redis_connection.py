"""The client of Redis: time limits, bounded connections, reconnection, and no secrets in messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis

from iotflow_server.cluster.connection import CONNECTIONS, RedisConnection
from iotflow_server.errors import InvalidArgument, Unavailable
from iotflow_server.settings import Settings
from tests.support.redis_server import RedisServer, redis_server

SECONDS = 0.3


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection(url, seconds=SECONDS)
    try:
        yield connection
    finally:
        await connection.close()


async def ping(connection: RedisConnection) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                return await connection.check()
            except Unavailable:
                await asyncio.sleep(0.01)


def echo(text: str) -> Any:
    async def work(redis: "Redis") -> bytes | str:
        return await redis.echo(text)

    return work


async def test_the_client_reconnects_when_redis_is_killed_and_restarted(redis: RedisServer) -> None:
    for url in (redis.url, redis.socket_url):
        async with connected(url) as connection:
            await connection.check()
            redis.kill()
            with pytest.raises(Unavailable) as refusal:
                await connection.check()
            assert (refusal.value.reason, connection.available) == ("REDIS_UNAVAILABLE", False)
            redis.start()
            await ping(connection)
            assert connection.available


async def test_the_end_waits_for_running_calls_only(redis: RedisServer) -> None:
    connection = RedisConnection(redis.url, seconds=60)
    await connection.check()
    async with asyncio.timeout(10):
        await connection.close()


async def test_a_hanging_redis_times_out_and_no_late_response_reaches_another_call(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        await connection.check()
        redis.freeze()
        calls = [connection.run(echo(f"early {number}")) for number in range(3 * CONNECTIONS)]
        # Three calls wait for each connection; with a margin for a loaded machine.
        async with asyncio.timeout(10 * SECONDS):
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        redis.thaw()
        await ping(connection)
        texts = [f"late {number}" for number in range(3 * CONNECTIONS)]
        assert await asyncio.gather(*(connection.run(echo(text)) for text in texts)) == [t.encode() for t in texts]


async def test_a_call_that_waits_on_purpose_has_its_own_time_limit(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        waiting = connection.run(lambda redis: redis.blpop(["nothing"], 2 * SECONDS), seconds=10)
        assert await waiting is None
        redis.freeze()
        with pytest.raises(Unavailable):
            await connection.run(echo(""), seconds=0.05)


async def test_connections_are_bounded(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        await asyncio.gather(*(connection.run(echo(str(number)), seconds=10) for number in range(20 * CONNECTIONS)))
        with redis.client() as visitor:
            assert len(visitor.client_list()) <= CONNECTIONS + 1


async def test_a_password_is_never_shown() -> None:
    with redis_server("--requirepass", "hush hush") as server:
        right = server.url.replace("//", "//:hush%20hush@")
        async with connected(right) as connection:
            await connection.check()
        with structlog.testing.capture_logs() as logs:
            async with connected(server.url.replace("//", "//:sesame@")) as connection:
                with pytest.raises(Unavailable) as refusal:
                    await connection.check()
        shown = f"{logs} {refusal.value} {Settings(redis_url=right)!r} {connection!r}"
        assert [line["event"] for line in logs] == ["redis_unavailable"]
    assert "hush" not in shown
    assert "sesame" not in shown


@pytest.mark.parametrize("url", ["redis://:sesame/x@host:6379", "redis://host:port", "redis://host/?db=sesame"])
def test_unusable_urls_are_rejected(url: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        RedisConnection(url)
    assert "IOTFLOW_REDIS_URL" in str(refusal.value)
    assert "sesame" not in str(refusal.value)


async def test_the_end_waits_for_calls_and_opens_no_connection_for_later_ones(redis: RedisServer) -> None:
    connection = RedisConnection(redis.url)
    calls = [asyncio.create_task(connection.run(echo(str(number)))) for number in range(3 * CONNECTIONS)]
    await asyncio.sleep(0)
    await connection.close()
    assert [bytes(answer) for answer in await asyncio.gather(*calls)] == [
        str(one).encode() for one in range(len(calls))
    ]
    with pytest.raises(Unavailable) as refusal:
        await connection.check()
    assert refusal.value.reason == "REDIS_UNAVAILABLE"
    with redis.client() as client:
        assert len(client.client_list()) == 1
