"""What waits to be sent: messages of many devices, joined while the stream is busy with others."""

import asyncio
from collections import deque
from collections.abc import Sequence

from iotflow.readings import Reading
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.pipeline.device_rows import DeviceRows
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.multi_device_batch import MultiDeviceBatch
from iotflow_gateway.pipeline.pending_batch import PassthroughBatch, PendingBatch

# With so many on their way to the store, what comes waits and is joined: the busier the store, the fewer and the larger they
# are. One is on the way while the other is stored; more of them would be smaller, and cost more.
BUSY = 2
# So many that do not go with the others are looked at for those behind them that do.
MOST_PASSED = 100


class Batcher:
    """First come, first out, but that a message joins what already waits of its device, if it is the device's last, and that
    devices go together."""

    def __init__(self) -> None:
        self._waiting: deque[DeviceRows | PassthroughBatch] = deque()
        self._growing: dict[int, DeviceRows] = {}
        self._under_way = 0
        # Whether the last one left something behind: held back, it would only come later.
        self._left_some = False
        # What was refused for having gone together; from then on everybody goes alone.
        self._refused: deque[DeviceRows] = deque()
        self._apart = False
        self._news = asyncio.Event()

    def add(self, device_id: int, message: Message, readings: Sequence[Reading]) -> None:
        """Readings of a message; whatever does not go together goes one after the other."""
        start = 0
        rows = self._growing.get(device_id)
        while start < len(readings):
            if rows is None:
                rows = DeviceRows(device_id, timeless=readings[start].time is None)
                self._growing[device_id] = rows
                self._waiting.append(rows)
            start = rows.take(message, readings, start)
            if start < len(readings):
                rows = None
        self._news.set()

    def add_batch(self, device_id: int, message: Message, batch: TelemetryBatch) -> None:
        """A batch that the device made itself goes as it is."""
        self._growing.pop(device_id, None)
        self._waiting.append(PassthroughBatch(message, batch))
        self._news.set()

    async def next(self) -> PendingBatch:
        """What has waited longest and what goes with it, waiting until it is time; nothing joins it any more."""
        while not self._is_time():
            self._news.clear()
            await self._news.wait()
        outgoing = self._next()
        self._left_some = self._left_some and bool(self._waiting)
        return outgoing

    def _next(self) -> PendingBatch:
        first = self._refused.popleft() if self._refused else self._waiting.popleft()
        if isinstance(first, PassthroughBatch):
            return first
        self._close(first)
        self._under_way += 1
        return MultiDeviceBatch(first) if self._apart else self._bundle(first)

    def done(self, outgoing: PendingBatch) -> None:
        """The server has answered."""
        if isinstance(outgoing, MultiDeviceBatch):
            self._under_way -= 1
            self._news.set()

    def divided(self, parts: int) -> None:
        """A bundle is sent as so many: the server will answer to each."""
        self._under_way += parts - 1

    def again(self, bundle: MultiDeviceBatch) -> None:
        """The server does not take it for its many devices: send their rows once more, before all others, and each device's by
        themselves from now on. What was under way by then may have overtaken them."""
        self._apart = True
        self._refused.extend(bundle.parts)
        self._news.set()

    def _is_time(self) -> bool:
        if self._refused:
            return True
        is_held = self._under_way >= BUSY and not (self._apart or self._left_some)
        return bool(self._waiting) and (not is_held or isinstance(self._waiting[0], PassthroughBatch))

    def _bundle(self, first: DeviceRows) -> MultiDeviceBatch:
        """The rows and what goes with them of what waits behind; nothing overtakes what its own device sent before."""
        bundle, passed, devices = MultiDeviceBatch(first), list[DeviceRows | PassthroughBatch](), {first.device_id}
        while self._waiting and len(passed) < MOST_PASSED and not bundle.is_full:
            other = self._waiting.popleft()
            if isinstance(other, DeviceRows) and other.device_id not in devices and bundle.take(other):
                self._close(other)
            else:
                passed.append(other)
            devices.add(other.device_id)
        self._waiting.extendleft(reversed(passed))
        self._left_some = bool(self._waiting)
        return bundle

    def _close(self, rows: DeviceRows) -> None:
        if self._growing.get(rows.device_id) is rows:
            del self._growing[rows.device_id]
