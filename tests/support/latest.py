"""Caches of newest values in tests: processes that share one, and a store that is queried repeatedly."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.latest import RedisLatestValues
from iotflow_server.telemetry.latest import CachedLatestReader, CachedLatestWriter, LatestValues
from iotflow_server.telemetry.ports import SERVER, Latest, TelemetryStore
from tests.contract.joined import JoinedStore
from tests.contract.readings import cells

PATIENCE = 20.0

Plain = dict[int, list[tuple[str, int, object]]]


def plain(found: dict[int, tuple[Latest, ...]]) -> Plain:
    """Measurement, time and value of each, by device."""
    return {
        device_id: [(one.column.measurement, one.time, cells(one.column)[0]) for one in newest]
        for device_id, newest in found.items()
    }


class SharingStore(JoinedStore):
    """A store with a cache of newest values, and its own connection to Redis, like a server process.

    Its `latest` queries three times: the backend, the backend for the cache, the cache.
    """

    def __init__(self, store: TelemetryStore, url: str) -> None:
        self.connection = RedisConnection(url)
        self.values = RedisLatestValues(self.connection)
        self.backend = store
        super().__init__(store, CachedLatestWriter(store, self.values), CachedLatestReader(store, self.values))

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        found = [await self.reader.latest(device_ids, measurements, caller=caller) for _ in range(3)]
        # Compared as texts, because -0.0 equals 0.0.
        first, second, third = ({one: repr(values) for one, values in plain(each).items()} for each in found)
        assert first == second == third
        return found[2]

    async def start(self) -> None:
        await self.values.start()
        await super().start()
        await answered(self.values)

    async def close(self) -> None:
        await super().close()
        await self.values.close()
        await self.connection.close()


async def answered(values: LatestValues) -> None:
    """Wait until the cache uses Redis."""
    async with asyncio.timeout(PATIENCE):
        while not (await values.lookup([10**9])).token:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def sharing(url: str, processes: int) -> AsyncIterator[list[LatestValues]]:
    """The caches of several server processes."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(processes):
            connection = RedisConnection(url)
            stack.push_async_callback(connection.close)
            values = RedisLatestValues(connection)
            await values.start()
            stack.push_async_callback(values.close)
            await answered(values)
            opened.append(values)
        # The last process to connect has voided the cache of the others.
        for values in opened:
            await answered(values)
        yield list(opened)
