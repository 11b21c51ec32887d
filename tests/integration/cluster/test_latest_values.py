"""Server processes that share the cache of newest values: races with writers, and failures of Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from iotflow_server.cluster.latest import RedisLatestValues
from iotflow_server.cluster.latest.values import PATIENCE_SECONDS
from iotflow_server.telemetry.latest import EMPTY_LOOKUP
from iotflow_server.telemetry.ports import SERVER, Latest, Span
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from tests.contract.readings import doubles
from tests.support.latest import SharingStore, answered, plain, sharing
from tests.support.redis_server import RedisServer

# With time to spare on a busy machine.
BOUND = 2.0


class SlowStore(SqliteStore):
    """Returns the latest values only after `go_on` is set."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.has_read = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        found = await super().latest(device_ids, measurements, caller=caller)
        self.has_read.set()
        await self.go_on.wait()
        return found


@asynccontextmanager
async def processes(redis: RedisServer, folder: Path, count: int = 2) -> AsyncIterator[list[SharingStore]]:
    """Processes with one store and one Redis."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            store = SharingStore(SlowStore(folder / "readings.db"), redis.url)
            await store.start()
            stack.push_async_callback(store.close)
            opened.append(store)
        yield opened


async def newest(store: SharingStore, device_id: int = 1) -> object:
    """The value of the only measurement; None if there is none."""
    found = plain(await store.reader.latest([device_id]))
    return found[device_id][0][2] if found else None


def hold_back(store: SharingStore) -> SlowStore:
    slow = store.backend
    assert isinstance(slow, SlowStore)
    slow.has_read.clear()
    slow.go_on.clear()
    return slow


CHANGES: dict[str, tuple[Callable[[SharingStore], Awaitable[object]], object]] = {
    "a newer value": (lambda store: store.write([doubles(1, {20: 2.0})]), 2.0),
    "another value at the time": (lambda store: store.write([doubles(1, {10: 3.0})]), 3.0),
    "an older value": (lambda store: store.write([doubles(1, {5: 4.0})]), 1.0),
    "a deletion": (lambda store: store.delete(1, Span()), None),
    "a rule": (lambda store: store.set_retention(1, 1), None),
    "a rule for all": (lambda store: store.set_retention(None, 1), None),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_change_during_a_read_of_the_store_is_not_overwritten(
    redis: RedisServer,
    tmp_path: Path,
    change: Callable[[SharingStore], Awaitable[object]],
    expected: object,
    elsewhere: bool,
) -> None:
    async with processes(redis, tmp_path) as (here, there):
        await there.write([doubles(1, {10: 1.0})])
        assert await newest(here) == 1.0
        slow = hold_back(here)
        reading = asyncio.create_task(newest(here))
        await slow.has_read.wait()
        await change(there if elsewhere else here)
        slow.go_on.set()
        assert await reading == 1.0
        for _ in range(3):
            assert [await newest(here), await newest(there)] == [expected, expected]


async def test_a_cancelled_write_leaves_no_old_values_in_the_cache(redis: RedisServer, tmp_path: Path) -> None:
    async with processes(redis, tmp_path) as (here, there):
        await here.write([doubles(1, {0: 0.0})])
        for number in range(1, 30):
            await newest(there)
            await newest(there)
            write = asyncio.create_task(here.write([doubles(1, {number: float(number)})]))
            await asyncio.sleep(0.0003 * number)
            write.cancel()
            await asyncio.gather(write, return_exceptions=True)
            # The store shows whether the write was carried out, as soon as it has ended.
            await here.write([doubles(2, {number: 0.0})])
            assert await newest(there) == plain(await here.backend.latest([1]))[1][0][2]


async def test_a_cancelled_invalidation_ends_the_use_of_the_cache(redis: RedisServer) -> None:
    """Redis may or may not have carried it out."""
    async with sharing(redis.url, 1) as (values,):
        redis.freeze()
        invalidation = asyncio.create_task(values.invalidate([1]))
        await asyncio.sleep(0)
        invalidation.cancel()
        await asyncio.gather(invalidation, return_exceptions=True)
        assert await values.lookup([1]) == EMPTY_LOOKUP
        redis.thaw()
        await answered(values)


class Traffic:
    """Several processes write to the same devices, also concurrently; each must read at least the acknowledged values."""

    def __init__(self) -> None:
        self.acknowledged = dict.fromkeys(range(1, 6), 0)
        self._random = Random(7)  # noqa: S311 - to be the same again
        self._writing = 0

    async def write(self, store: SharingStore) -> None:
        self._writing += 1
        for _ in range(150):
            device_id = self._random.randint(1, 5)
            time = max(1, self.acknowledged[device_id] + self._random.randint(-2, 5))
            await store.write([doubles(device_id, {time: float(time)})])
            self.acknowledged[device_id] = max(self.acknowledged[device_id], time)
        self._writing -= 1

    async def read(self, store: SharingStore) -> None:
        while self._writing:
            before = {device_id: time for device_id, time in self.acknowledged.items() if time}
            found = plain(await store.reader.latest(list(self.acknowledged)))
            for device_id, known in before.items():
                ((_, time, value),) = found[device_id]
                assert time >= known
                assert value == float(time)
            await asyncio.sleep(0)


async def test_acknowledged_values_are_visible_at_once_in_every_process(redis: RedisServer, tmp_path: Path) -> None:
    traffic = Traffic()
    async with processes(redis, tmp_path, 3) as stores:
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for store in [*stores, stores[0]]:
                group.create_task(traffic.write(store))
            for store in stores:
                group.create_task(traffic.read(store))
        assert all(store.values.hits for store in stores)
        for store in stores:
            found = plain(await store.latest(list(traffic.acknowledged)))
            assert {device_id: values[0][1] for device_id, values in found.items()} == traffic.acknowledged


async def remembered(*stores: SharingStore) -> None:
    """Wait until all processes read device 1 from Redis."""
    for store in stores:
        await answered(store.values)
        hits = store.values.hits
        async with asyncio.timeout(BOUND * 10):
            while store.values.hits == hits:
                await newest(store)


async def test_the_cache_recovers_when_redis_is_killed_and_restarted(redis: RedisServer, tmp_path: Path) -> None:
    async with processes(redis, tmp_path) as (here, there):
        await here.write([doubles(1, {1: 1.0})])
        await remembered(here, there)
        redis.kill()
        for number in range(2, 50):
            await here.write([doubles(1, {number: float(number)})])
            assert await newest(there) == number
        redis.start()
        for number in range(50, 100):
            await here.write([doubles(1, {number: float(number)})])
            assert await newest(there) == number
        await remembered(here, there)
        await here.write([doubles(1, {100: 100.0})])
        assert await newest(there) == 100.0


async def test_a_hanging_redis_delays_writes_and_queries_once(redis: RedisServer, tmp_path: Path) -> None:
    async with processes(redis, tmp_path) as (here, there):
        await here.write([doubles(1, {1: 1.0})])
        await remembered(here, there)
        redis.freeze()
        for store in (here, there):
            async with asyncio.timeout(PATIENCE_SECONDS + BOUND):
                await store.write([doubles(1, {2: 2.0})])
            assert not (await store.values.lookup([1])).token
        for number in range(3, 50):
            await here.write([doubles(1, {number: float(number)})])
            assert await newest(there) == number
        redis.thaw()
        await remembered(here, there)
        assert [await newest(here), await newest(there)] == [49.0, 49.0]


async def test_updates_missed_by_redis_void_the_cache_when_a_process_reconnects(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with processes(redis, tmp_path) as (here, there):
        await here.write([doubles(1, {1: 1.0})])
        await remembered(there)
        # This process cannot reach Redis, the others can.
        await here.values.close()
        await here.write([doubles(1, {2: 2.0})])
        assert await newest(here) == 2.0
        successor = RedisLatestValues(here.connection)
        await successor.start()
        await answered(successor)
        assert await newest(there) == 2.0
        await successor.close()


@pytest.mark.parametrize("lost", ["roll", "everything", "scripts"])
async def test_data_lost_by_a_running_redis_is_read_from_the_store(
    redis: RedisServer, tmp_path: Path, lost: str
) -> None:
    async with processes(redis, tmp_path) as (here, there):
        for number in range(1, 6):
            await here.write([doubles(1, {number: float(number)})])
            await remembered(here, there)
            with redis.client() as client:
                if lost == "roll":
                    client.delete("{iotflow:latest}:roll")
                elif lost == "everything":
                    client.flushall()
                else:
                    client.script_flush()
            assert await newest(there) == number
            await here.write([doubles(1, {number: number + 0.5})])
            assert [await newest(here), await newest(there)] == [number + 0.5] * 2


async def test_a_full_redis_is_not_used(redis: RedisServer, tmp_path: Path) -> None:
    async with processes(redis, tmp_path) as (here, there):
        await here.write([doubles(1, {1: 1.0})])
        await remembered(here, there)
        with redis.client() as client:
            client.config_set("maxmemory", 1)
            for number in range(2, 20):
                await here.write([doubles(1, {number: float(number)})])
                assert await newest(here) == number
            client.config_set("maxmemory", 0)
        await remembered(here, there)
        assert [await newest(here), await newest(there)] == [19.0, 19.0]
