"""Joins messages of many devices into batches, while the stream is busy with earlier ones."""

import asyncio
from collections import deque
from collections.abc import Sequence

from iotflow.readings import Reading
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.pipeline.device_rows import DeviceRows
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.pending_batches import MultiDeviceBatch, PassthroughBatch, PendingBatch

# With this number of joined batches in flight, readings wait and are joined: one batch travels while the other is stored. A busier
# store thus gets fewer, larger batches.
BUSY = 2
# Number of rows that may be skipped in search of rows that fit into the same batch.
MOST_SKIPPED = 100


class Batcher:
    """A first-in, first-out queue with two exceptions: readings join the last rows of their device that wait, and the rows of
    several devices leave as one batch."""

    def __init__(self) -> None:
        self._waiting: deque[DeviceRows | PassthroughBatch] = deque()
        self._growing: dict[int, DeviceRows] = {}
        self._in_flight = 0
        # Whether the last batch left rows behind, which gain nothing by waiting longer.
        self._has_leftovers = False
        # Rows of batches that the server rejected as a whole.
        self._returned: deque[DeviceRows] = deque()
        # Whether each batch has the rows of one device, because the server rejected a joined one.
        self.is_separate = False
        self._changed = asyncio.Event()

    def add(self, device_id: int, message: Message, readings: Sequence[Reading]) -> None:
        """Queue the readings of a message. Readings that do not fit into the same rows follow in rows of their own."""
        start = 0
        rows = self._growing.get(device_id)
        while start < len(readings):
            if rows is None:
                rows = DeviceRows(device_id, server_times=readings[start].time is None)
                self._growing[device_id] = rows
                self._waiting.append(rows)
            start = rows.append(message, readings, start)
            if start < len(readings):
                rows = None
        self._changed.set()

    def add_batch(self, device_id: int, message: Message, batch: TelemetryBatch) -> None:
        """Queue a batch that the device made; it is sent unchanged."""
        self._growing.pop(device_id, None)
        self._waiting.append(PassthroughBatch(message, batch))
        self._changed.set()

    async def next(self) -> PendingBatch:
        """Wait for the next batch: the rows that wait longest and rows that fit with them. No rows are added to this batch later."""
        while not self._is_due():
            self._changed.clear()
            await self._changed.wait()
        pending = self._next()
        self._has_leftovers = self._has_leftovers and bool(self._waiting)
        return pending

    def _next(self) -> PendingBatch:
        first = self._returned.popleft() if self._returned else self._waiting.popleft()
        if isinstance(first, PassthroughBatch):
            return first
        self._close(first)
        self._in_flight += 1
        return MultiDeviceBatch(first) if self.is_separate else self._join(first)

    def complete(self, pending: PendingBatch) -> None:
        """Record that the server has answered."""
        if isinstance(pending, MultiDeviceBatch):
            self._in_flight -= 1
            self._changed.set()

    def record_split(self, parts: int) -> None:
        """Record that a batch is sent in parts, each of which the server answers."""
        self._in_flight += parts - 1

    def resend_separately(self, batch: MultiDeviceBatch) -> None:
        """Queue the rows of a rejected batch again, before all others, and send each device's rows separately from now on. Batches
        in flight at that moment may have overtaken the rows."""
        self.is_separate = True
        self._returned.extend(batch.parts)
        self._changed.set()

    def _is_due(self) -> bool:
        if self._returned:
            return True
        is_held = self._in_flight >= BUSY and not (self.is_separate or self._has_leftovers)
        return bool(self._waiting) and (not is_held or isinstance(self._waiting[0], PassthroughBatch))

    def _join(self, first: DeviceRows) -> MultiDeviceBatch:
        """The rows, and later rows that fit with them. No rows overtake earlier ones of their device."""
        batch, skipped, devices = MultiDeviceBatch(first), list[DeviceRows | PassthroughBatch](), {first.device_id}
        while self._waiting and len(skipped) < MOST_SKIPPED and not batch.is_full:
            other = self._waiting.popleft()
            if isinstance(other, DeviceRows) and other.device_id not in devices and batch.append(other):
                self._close(other)
            else:
                skipped.append(other)
            devices.add(other.device_id)
        self._waiting.extendleft(reversed(skipped))
        self._has_leftovers = bool(self._waiting)
        return batch

    def _close(self, rows: DeviceRows) -> None:
        if self._growing.get(rows.device_id) is rows:
            del self._growing[rows.device_id]
