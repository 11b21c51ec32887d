"""Every process receives the sightings of the others once."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.presence import RedisPresenceBoard
from iotflow_server.presence.exchange import PresenceBoard
from iotflow_server.presence.last_seen import SessionReport, Sightings
from tests.support.presence import MemoryBoard
from tests.support.redis_server import RedisServer

Opening = Callable[[], AbstractAsyncContextManager[list[PresenceBoard]]]
NOW = datetime(2026, 1, 31, 12, 0, 0, 123_457, UTC)


@pytest.fixture(params=["memory", "redis"])
def opened(request: pytest.FixtureRequest) -> Opening:
    """Opens the boards of three processes."""
    if request.param == "memory":
        return _joined
    server: RedisServer = request.getfixturevalue("redis_running")
    with server.client() as client:
        client.flushall()
    return lambda: _sharing(server.url)


@asynccontextmanager
async def _joined() -> AsyncIterator[list[PresenceBoard]]:
    told: list[tuple[MemoryBoard, Sightings]] = []
    yield [MemoryBoard(told) for _ in range(3)]


@asynccontextmanager
async def _sharing(url: str) -> AsyncIterator[list[PresenceBoard]]:
    async with AsyncExitStack() as stack:
        connections = [RedisConnection(url) for _ in range(3)]
        for connection in connections:
            stack.push_async_callback(connection.close)
        yield [RedisPresenceBoard(connection) for connection in connections]


def heard(*device_ids: int, later: float = 0) -> Sightings:
    return Sightings(NOW + timedelta(seconds=later), np.array(device_ids, np.int64))


async def told(board: PresenceBoard, heard: Sightings | None = None) -> list[tuple[datetime, list[int]]]:
    return [(one.at, one.device_ids.tolist()) for one in await board.exchange(heard)]


async def test_each_process_receives_the_sightings_of_the_others_once(opened: Opening) -> None:
    async with opened() as (one, two, three):
        assert await told(one) == []
        assert await told(one, heard(1, 2**40)) == []
        assert await told(two, heard(2, later=1)) == [(NOW, [1, 2**40])]
        assert await told(two, heard(3, later=2)) == []
        second = NOW + timedelta(seconds=1)
        third = NOW + timedelta(seconds=2)
        assert await told(one) == [(second, [2]), (third, [3])]
        assert await told(three) == [(NOW, [1, 2**40]), (second, [2]), (third, [3])]
        assert [await told(board) for board in (one, two, three)] == [[], [], []]


async def test_reports_of_gateways_are_included(opened: Opening) -> None:
    async with opened() as (one, two, _):
        said = (SessionReport(1, True, NOW), SessionReport(2**40, False, NOW + timedelta(microseconds=1)))
        await one.exchange(replace(heard(), sessions=said))
        (told,) = await two.exchange(None)
        assert (told.device_ids.tolist(), told.sessions) == ([], said)


async def test_very_many_devices(opened: Opening) -> None:
    async with opened() as (one, two, _):
        await told(one, heard(*range(100_000)))
        assert await told(two) == [(NOW, list(range(100_000)))]


async def test_redis_keeps_sightings_for_seconds(redis_running: RedisServer) -> None:
    async with _sharing(redis_running.url) as (one, *_):
        with redis_running.client() as client:
            client.flushall()
            old = int(client.time()[0]) * 1_000 - 60_000
            client.xadd("iotflow:presence", {"h": b"\0" * 8}, id=f"{old}-0")
            await told(one, heard(1))
            await told(one, heard(2))
            assert client.xlen("iotflow:presence") == 2
            assert 0 < client.ttl("iotflow:presence") <= 60
