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
    exchanged: list[tuple[MemoryBoard, Sightings]] = []
    yield [MemoryBoard(exchanged) for _ in range(3)]


@asynccontextmanager
async def _sharing(url: str) -> AsyncIterator[list[PresenceBoard]]:
    async with AsyncExitStack() as stack:
        connections = [RedisConnection(url) for _ in range(3)]
        for connection in connections:
            stack.push_async_callback(connection.close)
        yield [RedisPresenceBoard(connection) for connection in connections]


def sightings(*device_ids: int, later: float = 0) -> Sightings:
    return Sightings(NOW + timedelta(seconds=later), np.array(device_ids, np.int64))


async def exchanged_by(board: PresenceBoard, sent: Sightings | None = None) -> list[tuple[datetime, list[int]]]:
    return [(one.at, one.device_ids.tolist()) for one in await board.exchange(sent)]


async def test_each_process_receives_the_sightings_of_the_others_once(opened: Opening) -> None:
    async with opened() as (one, two, three):
        assert await exchanged_by(one) == []
        assert await exchanged_by(one, sightings(1, 2**40)) == []
        assert await exchanged_by(two, sightings(2, later=1)) == [(NOW, [1, 2**40])]
        assert await exchanged_by(two, sightings(3, later=2)) == []
        second = NOW + timedelta(seconds=1)
        third = NOW + timedelta(seconds=2)
        assert await exchanged_by(one) == [(second, [2]), (third, [3])]
        assert await exchanged_by(three) == [(NOW, [1, 2**40]), (second, [2]), (third, [3])]
        assert [await exchanged_by(board) for board in (one, two, three)] == [[], [], []]


async def test_reports_of_gateways_are_included(opened: Opening) -> None:
    async with opened() as (one, two, _):
        sessions = (SessionReport(1, True, NOW), SessionReport(2**40, False, NOW + timedelta(microseconds=1)))
        await one.exchange(replace(sightings(), sessions=sessions))
        (received,) = await two.exchange(None)
        assert (received.device_ids.tolist(), received.sessions) == ([], sessions)


async def test_very_many_devices(opened: Opening) -> None:
    async with opened() as (one, two, _):
        await exchanged_by(one, sightings(*range(100_000)))
        assert await exchanged_by(two) == [(NOW, list(range(100_000)))]


async def test_redis_keeps_sightings_for_seconds(redis_running: RedisServer) -> None:
    async with _sharing(redis_running.url) as (one, *_):
        with redis_running.client() as client:
            client.flushall()
            old = int(client.time()[0]) * 1_000 - 60_000
            client.xadd("iotflow:presence", {"h": b"\0" * 8}, id=f"{old}-0")
            await exchanged_by(one, sightings(1))
            await exchanged_by(one, sightings(2))
            assert client.xlen("iotflow:presence") == 2
            assert 0 < client.ttl("iotflow:presence") <= 60
