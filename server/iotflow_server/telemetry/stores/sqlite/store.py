"""The telemetry store over SQLite."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import structlog

from iotflow.words import Aggregation, Fill
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.multi_device_batch import AnyBatch
from iotflow_server.telemetry.ports import SERVER, Latest, Span, Windows
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS
from iotflow_server.telemetry.stores.sqlite import aggregating, queries, retention, writing
from iotflow_server.telemetry.stores.sqlite.connections import SqliteConnections
from iotflow_server.telemetry.stores.sqlite.queries import Scan
from iotflow_server.telemetry.stores.sqlite.schema import transaction
from iotflow_server.telemetry.stores.sqlite.series import SeriesCache, series_of
from iotflow_server.telemetry.stores.sqlite.unmerged import ArrivalLog
from iotflow_server.telemetry.stores.sqlite.unmerged.merger import DUE_READINGS, DUE_SECONDS, Merger
from iotflow_server.telemetry.times import system_now_ms

_KNOWN_SERIES = 200_000

log = structlog.get_logger(__name__)


class SqliteStore:
    """Keeps readings in the file at `path`, created if missing.

    clock: now, in milliseconds since 1970 UTC, for retention. settled: whether the clock is reliable enough to remove
    readings by it. readers: number of concurrent reads. read_seconds: time limit of a read. expiry_seconds: interval of the
    removal of expired readings. merge_readings, merge_seconds: number and age of readings at which they are merged into the table.
    most_measurements: limit per device.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], int] = system_now_ms,
        settled: Callable[[], bool] = lambda: True,
        readers: int = 6,
        read_seconds: float = 60.0,
        expiry_seconds: float = 60.0,
        merge_readings: int = DUE_READINGS,
        merge_seconds: float = DUE_SECONDS,
        most_measurements: int = MOST_MEASUREMENTS,
    ) -> None:
        self._connections = SqliteConnections(path, readers, read_seconds)
        self._series_cache = SeriesCache(_KNOWN_SERIES, most_measurements)
        self._arrivals = ArrivalLog()
        self._merger = Merger(self._connections, self._arrivals, merge_readings, merge_seconds)
        self._clock = clock
        self._settled = settled
        self._expiry_seconds = expiry_seconds
        self._expiry_task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return "sqlite"

    @property
    def writers(self) -> int:
        return 1

    @property
    def buffering(self) -> bool:
        return False

    @property
    def journal(self) -> None:
        return None

    async def start(self) -> None:
        await self._connections.open()
        self._merger.start()
        self._expiry_task = asyncio.create_task(self._expire_regularly())

    async def close(self) -> None:
        if self._expiry_task is not None:
            self._expiry_task.cancel()
            await asyncio.wait([self._expiry_task])
        await self._merger.close()
        await self._connections.close()

    async def check(self) -> str:
        await self._connections.write(_probe)
        return ""

    async def write(self, batches: Sequence[AnyBatch]) -> list[tuple[Rejection, ...]]:
        # After a jump of the clock nothing counts as expired: measurements keep their readings and types.
        now = self._clock() if self._settled() else None
        await self._merger.make_room()
        rejections = await self._connections.write(writing.write, self._series_cache, batches, now, self._arrivals)
        self._merger.notice_written()
        return rejections

    async def read(
        self,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None = None,
        *,
        newest_first: bool = False,
        chunk_rows: int = 10_000,
        caller: str = SERVER,
    ) -> AsyncGenerator[Batch]:
        scan = Scan(device_id, newest_first, chunk_rows, self._arrivals)
        await self._connections.read(caller, scan.begin, span, measurements, self._clock())
        while not scan.ended:
            for batch in await self._connections.read(caller, scan.advance):
                yield batch

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        return await self._connections.read(
            caller, queries.latest, device_ids, measurements, self._clock(), self._arrivals
        )

    async def aggregate(
        self,
        device_id: int,
        span: Span,
        window: int,
        functions: Sequence[Aggregation],
        measurements: Sequence[str] | None = None,
        fill: Fill | None = None,
        *,
        caller: str = SERVER,
    ) -> Windows:
        return await self._connections.read(
            caller,
            aggregating.aggregate,
            device_id,
            span,
            window,
            functions,
            measurements,
            fill,
            self._clock(),
            self._arrivals,
        )

    async def measurements(self, device_id: int, *, caller: str = SERVER) -> dict[str, ValueType]:
        known = await self._connections.read(caller, series_of, device_id)
        return {series.measurement: series.type for series in known}

    async def delete(self, device_id: int, span: Span) -> None:
        known = await self._connections.read(SERVER, series_of, device_id)
        await self._merger.merge()
        await self._remove([(series.id, span) for series in known])

    async def drop(self, device_id: int, measurement: str) -> None:
        await self._connections.write(writing.drop, self._series_cache, device_id, measurement)

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        await self._connections.write(
            writing.retype, self._series_cache, device_id, measurement, value_type, self._arrivals
        )

    async def count(self, device_id: int, span: Span, *, caller: str = SERVER) -> int:
        return await self._connections.read(caller, queries.count, device_id, span, self._clock(), self._arrivals)

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        await self._connections.write(retention.set_rule, device_id, milliseconds)

    async def expire(self) -> None:
        """Remove expired readings and dropped measurements; called regularly while the store is open."""
        await self._remove(await self._connections.read(SERVER, retention.expired, self._clock()))
        await self._connections.write(retention.remove_dropped, self._arrivals)

    async def merge(self) -> None:
        """Merge all stored readings into the table; called regularly while the store is open."""
        await self._merger.merge()

    async def _remove(self, removals: list[retention.Removal]) -> None:
        while removals:
            removals = await self._connections.write(retention.remove_slice, removals)

    async def _expire_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._expiry_seconds)
            if not self._settled():
                continue
            try:
                await self.expire()
            except Unavailable:
                log.warning("expiry_postponed")
            except Exception:
                # Without the task, the file would only grow.
                log.exception("expiry_failed")


def _probe(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        pass
