"""Timestamp allocation by server processes with a clock that the test controls."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.timestamps import ALONE_SECONDS, RedisTimestampAllocator, own_stride
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from iotflow_server.telemetry.timestamps import AHEAD_MS, LocalTimestampAllocator, NewestTimestamps, TimestampAllocator

# Time until a newly started Redis allocates timestamps for calls of this many readings.
QUIET_MS, MOST_READINGS = 2 * AHEAD_MS, 5_000
# Time until a process that found Redis unavailable tries again.
ALONE_MS = round(ALONE_SECONDS * 1_000)


class Site:
    """Processes with one store; new ones can start at any time."""

    def __init__(self, store: SqliteStore, stack: AsyncExitStack, redis_url: str) -> None:
        self.now = 1_767_225_600_000
        # With time to spare on a busy machine.
        self.patience = 20.0
        self._store = store
        self._stack = stack
        self._redis_url = redis_url

    async def process(self, number: int = 1, of: int = 1, server: int = 1) -> TimestampAllocator:
        """Start a process; without Redis there is one at a time."""
        given = NewestTimestamps(self._store, self._clock)
        if not self._redis_url:
            return LocalTimestampAllocator(given, self._clock)
        connection = RedisConnection(self._redis_url)
        self._stack.push_async_callback(connection.close)
        alone = LocalTimestampAllocator(given, self._clock, own_stride(number, of, server))
        return RedisTimestampAllocator(
            connection=connection,
            newest=given,
            now=self._clock,
            alone=alone,
            timer=lambda: self.now / 1_000,
            patience_seconds=self.patience,
        )

    async def store(self, times: range | list[int]) -> None:
        """Store readings of device 1 at these times."""
        kept = np.array(times, np.int64)
        await self._store.write([Batch(1, kept, (Column("n", ValueType.INT64, kept),))])

    def _clock(self) -> int:
        return self.now


@asynccontextmanager
async def site(folder: Path, redis_url: str = "") -> AsyncIterator[Site]:
    """Processes with a Redis that already allocates timestamps, or without Redis."""
    async with AsyncExitStack() as stack:
        store = SqliteStore(folder / "readings.db")
        await store.start()
        stack.push_async_callback(store.close)
        opened = Site(store, stack, redis_url)
        await (await opened.process()).allocate(2, 1)
        opened.now += QUIET_MS
        yield opened


@dataclass
class Times:
    """All timestamps allocated to a device."""

    given: list[int]

    def add(self, times: range) -> None:
        self.given += times

    @property
    def distinct(self) -> bool:
        return len(self.given) == len(set(self.given))
