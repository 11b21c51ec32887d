"""Merges of a store's arrivals into its table: when many wait, regularly, and on demand."""

import asyncio
from contextlib import suppress
from random import uniform

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.stores.sqlite.connections import SqliteConnections
from iotflow_server.telemetry.stores.sqlite.unmerged import merging
from iotflow_server.telemetry.stores.sqlite.unmerged.log import ArrivalLog

# Number of readings at which a merge is due. 5,000 devices with three measurements reach it in 20 seconds at 15,000 messages a
# second: each page of the table then gets some thousand bytes at once. A reading takes 25 bytes of memory until it is merged.
DUE_READINGS = 1_000_000
# Age in seconds at which a merge is due.
DUE_SECONDS = 60.0
# At this multiple of the number, writers wait for the merge.
_MOST = 3
# Seconds for which a process leaves merges to others after it has failed, or another process has taken its merge over.
PAUSE_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Merger:
    """Merges arrivals into the table of readings, one merge at a time. due_readings, due_seconds: see above."""

    def __init__(
        self, connections: SqliteConnections, arrivals: ArrivalLog, due_readings: int, due_seconds: float
    ) -> None:
        self._due_readings = due_readings
        self._due_seconds = due_seconds
        self._connections = connections
        self._arrivals = arrivals
        self._lock = asyncio.Lock()
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the regular merges; the connections are open."""
        self._task = asyncio.create_task(self._merge_regularly(), name="sqlite merger")

    async def close(self) -> None:
        """Merge everything, for programs that read the table only, and stop."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        with suppress(Unavailable):
            await self.merge()

    def notice_written(self) -> None:
        """Wake the regular merges if one is due."""
        if self._arrivals.readings >= self._due_readings:
            self._due.set()

    async def make_room(self) -> None:
        """Wait for a merge if too many readings wait for it. Raises Unavailable."""
        if self._arrivals.readings >= _MOST * self._due_readings:
            await self.merge()

    async def merge(self) -> None:
        """Merge all readings that were stored before the call. Raises Unavailable."""
        async with self._lock:
            while not await self._merge_once():  # noqa: ASYNC110 - the other process sets no event
                # Two processes that merge on demand take turns.
                await asyncio.sleep(uniform(0.05, 0.5))  # noqa: S311 - no secret

    async def _merge_once(self) -> bool:
        """Returns whether everything is merged; False: another process has taken the merge over."""
        merge = await self._connections.write(merging.begin, self._arrivals)
        if merge is None:
            return True
        await asyncio.to_thread(merge.sort)
        while not merge.is_complete:
            if not await self._connections.write(merging.advance, self._arrivals, merge):
                return False
        return True

    async def _merge_regularly(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._due_seconds):
                    await self._due.wait()
            self._due.clear()
            if self._arrivals.readings < self._due_readings and self._arrivals.age < self._due_seconds / 2:
                continue
            async with self._lock:
                is_merged = await self._try_to_merge()
            if not is_merged:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _try_to_merge(self) -> bool:
        try:
            return await self._merge_once()
        except Unavailable:
            _log.warning("merge_postponed")
        except Exception:  # noqa: BLE001 - logged
            # Without the task, the unmerged readings would only grow.
            _log.exception("merge_failed")
        return False
