"""Server processes share their sightings of devices while Redis is available."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.presence import RedisPresenceBoard
from iotflow_server.db.database import Database
from iotflow_server.devices.device import Device
from iotflow_server.presence.exchange import PresenceExchange
from iotflow_server.presence.last_seen import LastSeen, SessionReport
from iotflow_server.presence.online import Online
from tests.support.redis_server import RedisServer

PATIENCE = 20.0
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def processes(redis: RedisServer, folder: Path) -> AsyncIterator[list[LastSeen]]:
    """Two devices of one registry, which write nothing."""
    async with of_both(redis, folder) as opened:
        yield [last_seen for last_seen, _ in opened]


@asynccontextmanager
async def of_both(redis: RedisServer, folder: Path) -> AsyncIterator[list[tuple[LastSeen, Online]]]:
    """The presence states of two processes of one registry."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(2):
            database = Database(f"sqlite:///{folder}/registry.db")
            await database.start()
            stack.push_async_callback(database.close)
            connection = RedisConnection(redis.url)
            stack.push_async_callback(connection.close)
            last_seen = LastSeen(database, shared=True)
            online = Online(database=database, last_seen=last_seen, window=timedelta(minutes=5), shared=True)
            exchange = PresenceExchange(last_seen, online, RedisPresenceBoard(connection), interval=0.01)
            await exchange.start()
            stack.push_async_callback(exchange.close)
            opened.append((last_seen, online))
        yield opened


def device(device_id: int) -> Device:
    """Not seen for years, according to its row."""
    return Device(device_id, "d", "", "", "active", "", "", "", {}, LONG_AGO, LONG_AGO, LONG_AGO)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing shared of it
            await asyncio.sleep(0.005)


async def until_seen(last_seen: LastSeen, device_id: int) -> datetime:
    await until(lambda: last_seen.last_seen(device(device_id)) != LONG_AGO)
    return last_seen.last_seen(device(device_id)) or LONG_AGO


async def test_a_sighting_by_one_process_is_known_to_the_other(redis: RedisServer, tmp_path: Path) -> None:
    async with processes(redis, tmp_path) as (here, there):
        here.record(1)
        assert await until_seen(there, 1) <= (here.last_seen(device(1)) or LONG_AGO)
        there.record(2)
        await until_seen(here, 2)


async def test_an_older_time_does_not_replace_a_newer_one(redis: RedisServer, tmp_path: Path) -> None:
    newer = datetime(2040, 1, 1, tzinfo=UTC)
    async with processes(redis, tmp_path) as (here, there):
        there.record(1, newer)
        here.record(1)
        here.record(2)
        await until_seen(there, 2)
        assert there.last_seen(device(1)) == newer
        there.record(3)
        await until_seen(here, 3)
        assert (here.last_seen(device(1)) or LONG_AGO) > LONG_AGO


async def test_a_killed_redis_is_logged_once(redis: RedisServer, tmp_path: Path) -> None:
    async with processes(redis, tmp_path) as (here, there):
        here.record(1)
        await until_seen(there, 1)
        with structlog.testing.capture_logs() as logs:
            redis.kill()
            here.record(2)
            await until(lambda: len([line for line in logs if line["log_level"] == "debug"]) > 20)
            redis.start()
            await until(lambda: len([line for line in logs if line["event"] == "redis_available"]) == 2)
            here.record(3)
            await until_seen(there, 3)
        events = [line["event"] for line in logs if line["log_level"] != "debug"]
        assert sorted(events) == ["redis_available"] * 2 + ["redis_unavailable"] * 2


async def test_reports_of_gateways_reach_the_other_process(redis: RedisServer, tmp_path: Path) -> None:
    async with of_both(redis, tmp_path) as ((_, here), (_, there)):
        changes: list[tuple[int, bool]] = []
        there.on_change(lambda device_id, online, _: changes.append((device_id, online)))
        now = datetime.now(UTC)
        await here.record([SessionReport(1, True, now), SessionReport(2, True, now)])
        await until(lambda: there.is_online(device(1)))
        await here.record([SessionReport(1, False, now)])
        await until(lambda: not there.is_online(device(1)))
        assert changes == [(1, True), (2, True), (1, False)]
        assert here.count == there.count == 1
