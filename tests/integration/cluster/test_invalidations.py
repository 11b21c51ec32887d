"""Changes by one process invalidate the caches of the others at once; after an interruption everything is invalidated."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from iotflow_server.cluster import invalidations
from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.invalidations import RedisInvalidations
from iotflow_server.errors import Unavailable
from tests.support.redis_server import RedisServer

PATIENCE = 15.0
ANYTHING = ("anything", 0)


class Process:
    """received: the changes in order. faults: number of calls during which the registry is unavailable."""

    def __init__(self, url: str) -> None:
        self.connection = RedisConnection(url)
        self.notices = RedisInvalidations(self.connection, self)
        self.received: list[tuple[str, int]] = []
        self.faults = 0
        self._changed = asyncio.Condition()

    async def device(self, device_id: int) -> None:
        await self._record("device", device_id)

    async def imported(self, ids: range) -> None:
        await self._record("imported", ids.stop - ids.start)

    async def token(self, token_id: int) -> None:
        await self._record("token", token_id)

    async def command(self, command_id: int) -> None:
        await self._record("command", command_id)

    async def desired(self, device_id: int) -> None:
        await self._record("desired", device_id)

    async def connections(self, opened: str) -> None:
        await self._record("connections", int(opened))

    async def anything(self) -> None:
        await self._record("anything", 0)

    async def until(self, received: Callable[[list[tuple[str, int]]], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: received(self.received))

    async def _record(self, kind: str, identity: int) -> None:
        async with self._changed:
            self.received.append((kind, identity))
            self._changed.notify_all()
        if self.faults:
            self.faults -= 1
            raise Unavailable("REGISTRY_UNAVAILABLE", "away")


@asynccontextmanager
async def two(redis: RedisServer) -> AsyncIterator[tuple[Process, Process]]:
    """Two subscribed processes."""
    processes = (Process(redis.url), Process(redis.url))
    for process in processes:
        await process.notices.start()
    for process in processes:
        await process.until(lambda received: received == [ANYTHING])
        process.received.clear()
    yield processes
    for process in processes:
        await process.notices.close()
        await process.connection.close()


async def test_other_processes_receive_a_change_and_its_publisher_does_not(redis: RedisServer) -> None:
    async with two(redis) as (one, other):
        one.notices.device_changed(5)
        one.notices.token_revoked(7)
        one.notices.command_changed(8)
        one.notices.desired_changed(9)
        one.notices.connections_opened("10")
        other.notices.device_changed(6)
        await one.until(lambda received: received == [("device", 6)])
        await other.until(
            lambda received: (
                sorted(received) == [("command", 8), ("connections", 10), ("desired", 9), ("device", 5), ("token", 7)]
            )
        )


async def test_after_an_interruption_everything_is_invalidated(redis: RedisServer) -> None:
    async with two(redis) as (one, other):
        redis.kill()
        one.notices.device_changed(5)
        redis.start()
        await one.until(lambda received: received == [ANYTHING])
        await other.until(lambda received: ANYTHING in received)


async def test_a_silent_redis_counts_as_lost(redis: RedisServer) -> None:
    async with two(redis) as (one, _):
        redis.freeze()
        async with asyncio.timeout(PATIENCE):
            while one.connection.available:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        redis.thaw()
        await one.until(lambda received: ANYTHING in received)


async def test_a_failed_invalidation_is_repeated(redis: RedisServer) -> None:
    async with two(redis) as (one, other):
        other.faults = 2
        one.notices.device_changed(5)
        await other.until(lambda received: received == [("device", 5), ANYTHING, ANYTHING])
        one.notices.device_changed(6)
        await other.until(lambda received: received[-1] == ("device", 6))


async def test_too_many_changes_become_one_message(redis: RedisServer) -> None:
    async with two(redis) as (one, other):
        for device_id in range(invalidations.MOST + 1):
            one.notices.device_changed(device_id)
        await other.until(lambda received: received == [ANYTHING])


async def test_pending_changes_are_published_before_the_end(redis: RedisServer) -> None:
    async with two(redis) as (one, other):
        one.notices.device_changed(5)
        await one.notices.close()
        await other.until(lambda received: received == [("device", 5)])


async def test_redis_may_be_away_at_the_start(redis: RedisServer) -> None:
    redis.kill()
    process = Process(redis.url)
    await process.notices.start()
    process.notices.device_changed(5)
    redis.start()
    await process.until(lambda received: received == [ANYTHING])
    await process.notices.close()
    await process.connection.close()
