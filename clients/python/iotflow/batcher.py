"""Fills the open batch of a writer, and passes it on when it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from iotflow.clock import Clock, RisingTimes
from iotflow.delivery import Delivery
from iotflow.errors import ServerError, queue_full
from iotflow.open_batch import COLUMN_BYTES, Cell, ColumnPart, OpenBatch, TypedColumn
from iotflow.queue import QueueEnded
from iotflow.v1.telemetry_pb2 import TelemetryBatch

# Done when the disk has a batch.
Stored = asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """A batch ends at rows, size (bytes) or age (seconds), whichever comes first."""

    rows: int = 1_000
    bytes: int = 256 * 1024
    age: float = 1.0


class Batcher:
    """Has at most one open batch, which ends at its limits, and where rows do not fit into it.

    The caller holds `lock` during each call that waits: the batches keep the order of the rows. clock: of rows without a time.
    waits_for_time: False: a batch is refused as long as times of its rows are unknown. put: accepts an ended batch; its
    futures are done when the disk has the batch. delivery: batches that are old enough do not end once it has ended.
    Calls raise QueueEnded where it ends while they wait.
    """

    def __init__(
        self,
        limits: BatchLimits,
        clock: Clock,
        *,
        waits_for_time: bool,
        put: Callable[[TelemetryBatch], Awaitable[list[Stored]]],
        delivery: Delivery,
    ) -> None:
        self.lock = asyncio.Lock()
        self._limits = limits
        self._clock = clock
        self._waits_for_time = waits_for_time
        self._put = put
        self._delivery = delivery
        self._times = RisingTimes()
        self._open: OpenBatch | None = None
        self._age_timer: asyncio.TimerHandle | None = None
        self._aging: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the open batch has to end."""
        batch = self._open
        return batch is not None and (batch.rows >= self._limits.rows or batch.bytes >= self._limits.bytes)

    @property
    def is_empty(self) -> bool:
        """Whether no row waits for the end of its batch."""
        return self._open is None

    def add_at_once(self, row: Mapping[str, Cell], timestamp: int | datetime | None, device_id: int) -> bool:
        """Add a row to the open batch, without the lock. False: it may not fit, or another call has the lock; use add().

        Nearly all rows are added here: the tasks and the lock that the end of a batch needs cost more than a row.
        """
        batch = self._open
        if batch is None or not row or self.is_full or self.lock.locked() or not batch.accepts(device_id, row):
            return False
        self._add_row(batch, row, timestamp, device_id)
        return True

    async def add(self, row: Mapping[str, Cell], timestamp: int | datetime | None, device_id: int) -> list[Stored]:
        """Add a row. A row without values is left out."""
        stored = await self._prepare(device_id, row)
        if row:
            self._add_row(self._begun(), row, timestamp, device_id)
            stored += await self.finish_full()
        return stored

    async def add_columns(self, part: ColumnPart) -> list[Stored]:
        """Add rows as columns. Parts of them without values are left out."""
        stored = await self._prepare(part.device_id, part.columns)
        for number, piece in enumerate(split(part, self._open or OpenBatch(), self._limits)):
            # A piece that is not the last one ends its batch, also where that has a little room left.
            if number:
                stored += await self.finish()
            if piece.columns:
                self._begun().add_columns(piece)
        return stored + await self.finish_full()

    async def finish_full(self) -> list[Stored]:
        """End the open batch if it is full."""
        return await self.finish() if self.is_full else []

    async def finish(self) -> list[Stored]:
        """End the open batch, if there is one. It stays open where the queue refuses it."""
        batch = self._open
        if batch is None:
            return []
        if batch.monotonic_rows:
            await self._set_times(batch)
        stored = await self._put(batch.encoded())
        self._open = None
        if self._age_timer:
            self._age_timer.cancel()
        return stored

    async def close(self) -> None:
        """Leave out the rows of the open batch."""
        if self._age_timer:
            self._age_timer.cancel()
        if self._aging:
            self._aging.cancel()
            await asyncio.gather(self._aging, return_exceptions=True)

    async def _prepare(self, device_id: int, columns: Mapping[str, Cell] | Mapping[str, TypedColumn]) -> list[Stored]:
        """End the open batch if it is full or the rows do not fit into it."""
        stored = await self.finish_full()
        if self._open and not self._open.accepts(device_id, columns):
            stored += await self.finish()
        return stored

    def _add_row(
        self, batch: OpenBatch, row: Mapping[str, Cell], timestamp: int | datetime | None, device_id: int
    ) -> None:
        if timestamp is not None:
            time = timestamp if isinstance(timestamp, int) else _milliseconds(timestamp)
            batch.add_row(time, device_id, row)
        elif (now := self._clock.now()) is not None:
            batch.add_row(self._times.next(now), device_id, row)
        else:
            batch.add_row(self._times.next(self._clock.monotonic()), device_id, row, is_monotonic=True)

    def _begun(self) -> OpenBatch:
        if self._open is None:
            self._open = OpenBatch()
            self._start_age_timer(self._open)
        return self._open

    async def _set_times(self, batch: OpenBatch) -> None:
        """Give the rows their true times; the first answer of the server may have to come first."""
        if self._clock.now() is None:
            if not self._waits_for_time:
                raise queue_full("The server's time is not known yet. Add the rows again later.")
            await self._time_known()
        for row in batch.monotonic_rows:
            batch.times[row] = self._clock.from_monotonic(batch.times[row]) or 0
        batch.monotonic_rows.clear()

    async def _time_known(self) -> None:
        """Wait for the clock. Raises QueueEnded where the writer ends before, such as by an error of its stream."""
        waits = [asyncio.ensure_future(each) for each in (self._clock.known(), self._delivery.wait_for_end())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if self._clock.now() is None:
            raise QueueEnded

    def _start_age_timer(self, batch: OpenBatch) -> None:
        self._age_timer = asyncio.get_running_loop().call_later(self._limits.age, self._on_age, batch)

    def _on_age(self, batch: OpenBatch) -> None:
        self._aging = asyncio.create_task(self._finish_aged(batch), name="telemetry writer's open batch")

    async def _finish_aged(self, batch: OpenBatch) -> None:
        async with self.lock:
            if self._open is not batch or self._delivery.ended:
                return
            try:
                await self.finish()
            except ServerError:
                # The queue is full, and there is no caller to be refused.
                self._start_age_timer(batch)


def split(part: ColumnPart, open_batch: OpenBatch, limits: BatchLimits) -> Iterator[ColumnPart]:
    """Parts that end a batch, and a rest: the first one fits into the open batch, the others into new ones."""
    begin, rows = 0, len(part.times)
    # A row's size holds its values; the columns' names count once a batch.
    names = sum(len(name) + COLUMN_BYTES for name in part.columns)
    ends = np.cumsum(part.sizes)
    room_rows = limits.rows - open_batch.rows
    room_bytes = limits.bytes - open_batch.bytes - names
    while begin < rows:
        used = int(ends[begin - 1]) if begin else 0
        by_bytes = int(np.searchsorted(ends, used + room_bytes, side="left")) + 1
        end = min(begin + max(min(room_rows, by_bytes - begin), 1), rows)
        yield part.rows(begin, end)
        begin, room_rows, room_bytes = end, limits.rows, limits.bytes - names


def _milliseconds(time: datetime) -> int:
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000)
