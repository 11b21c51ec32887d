"""What waits to be sent: messages of many devices, joined to a batch a device while the stream is busy with others."""

import asyncio
from collections import deque
from collections.abc import Sequence

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.message import Message
from iotflow_gateway.outgoing import Outgoing, Ready
from iotflow_gateway.readings import Reading
from iotflow_gateway.rows import Rows


class Joining:
    """First come, first out, but that a message joins what already waits of its device, if it is the device's last."""

    def __init__(self) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._growing: dict[int, Rows] = {}
        self._news = asyncio.Event()

    def add(self, device_id: int, message: Message, readings: Sequence[Reading]) -> None:
        """Readings of a message; whatever does not go together goes one after the other."""
        start = 0
        rows = self._growing.get(device_id)
        while start < len(readings):
            if rows is None:
                rows = Rows(device_id, timeless=readings[start].time is None)
                self._growing[device_id] = rows
                self._waiting.append(rows)
            start = rows.take(message, readings, start)
            if start < len(readings):
                rows = None
        self._news.set()

    def add_batch(self, device_id: int, message: Message, batch: TelemetryBatch) -> None:
        """A batch that the device made itself goes as it is."""
        self._growing.pop(device_id, None)
        self._waiting.append(Ready(message, batch))
        self._news.set()

    async def next(self) -> Outgoing:
        """The one that has waited longest, waiting for one; nothing joins it any more."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        outgoing = self._waiting.popleft()
        if isinstance(outgoing, Rows) and self._growing.get(outgoing.device_id) is outgoing:
            del self._growing[outgoing.device_id]
        return outgoing
