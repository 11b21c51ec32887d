"""StreamTelemetry: batches up, acknowledgements down, each at its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow_server.access import Role, caller
from iotflow_server.errors import InvalidArgument, LimitExceeded, NotFound, PermissionDenied
from iotflow_server.interceptors.behaviours import Malformed
from iotflow_server.interceptors.validation import malformed
from iotflow_server.rpc.sessions import Session
from iotflow_server.rpc.wire_batches import decode, rejection
from iotflow_server.telemetry.batch import Rejection, Times
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.outcome import Outcome

Response = telemetry_service_pb2.StreamTelemetryResponse

# An acknowledgement with more than these goes out as it is; callers take 4 MiB at a time unless they say otherwise.
MOST_REJECTIONS = 1_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch of the stream on its way to the store; refused: what did not get that far."""

    sequence: int
    outcome: asyncio.Future[Outcome]
    refused: list[Rejection]

    @property
    def is_stored(self) -> bool:
        """Whether it can be acknowledged without waiting."""
        return self.outcome.done() and self.outcome.exception() is None


class Window:
    """What was taken and not yet acknowledged, in order, bounded."""

    def __init__(self, size: int) -> None:
        self._room = asyncio.Semaphore(size)
        self._sent: deque[Sent] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    async def put(self, sent: Sent) -> None:
        """Add a batch, waiting while the window is full."""
        await self._room.acquire()
        self._sent.append(sent)
        self._changed.set()

    def close(self) -> None:
        """No more will come."""
        self._closed = True
        self._changed.set()

    async def first(self) -> Sent | None:
        """The oldest batch; None when all are taken and no more will come."""
        while not self._sent:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._take()

    def next_stored(self) -> Sent | None:
        """The next batch if it is stored already."""
        return self._take() if self._sent and self._sent[0].is_stored else None

    def _take(self) -> Sent:
        self._room.release()
        return self._sent.popleft()


class TelemetryStream:
    """One open StreamTelemetry."""

    def __init__(self, intake: Intake, session: Session, window: int) -> None:
        self._intake = intake
        self._session = session
        self._window = Window(window)
        self._done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._done.set_result(Outcome())

    async def answers(self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch]) -> AsyncIterator[Response]:
        """Acknowledge batches as they become durable. Whatever ends the stream, what was taken before is acknowledged first."""
        reader = asyncio.create_task(self._read(batches), name="telemetry stream reader")
        self._session.ended.add_done_callback(lambda _: reader.cancel())
        try:
            while sent := await self._window.first():
                yield await self._acknowledgement(sent)
            with suppress(asyncio.CancelledError):
                await reader
            if self._session.refusal:
                raise self._session.refusal
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch]) -> None:
        last = -1
        try:
            async for message in batches:
                if isinstance(message, Malformed):
                    raise malformed()
                if message.sequence <= last:
                    raise InvalidArgument("sequence", f"{message.sequence} after {last}: a sequence must rise")
                last = message.sequence
                await self._window.put(await self._sent(message))
        finally:
            self._window.close()

    async def _sent(self, message: telemetry_pb2.TelemetryBatch) -> Sent:
        try:
            device = await self._intake.writer(message.device_id)
            batch, refused = decode(message, device.id, self._intake.limits)
            if batch is not None and message.timeless:
                # Only now: nobody waits for times of what is not stored.
                batch = replace(batch, times=await self._stamped(device.id, len(batch.times)))
        except (InvalidArgument, NotFound, PermissionDenied) as refusal:
            if isinstance(refusal, PermissionDenied) and caller().role is Role.DEVICE:
                raise
            refused = [Rejection(0, len(message.timestamps), "", refusal.reason, refusal.message)]
            batch = None
        self._intake.tally.refused(refused)
        if batch is None:
            return Sent(message.sequence, self._done, refused)
        return Sent(message.sequence, await self._intake.put(device, batch), refused)

    async def _stamped(self, device_id: int, readings: int) -> Times:
        """Times for so many readings, waiting until there are: a gateway could do nothing else with what were refused."""
        while True:
            try:
                times = await self._intake.arrival.stamp(device_id, readings)
                return np.arange(times.start, times.stop, times.step, dtype=np.int64)
            except LimitExceeded as full:
                await asyncio.sleep(full.retry_after or 0.0)

    async def _acknowledgement(self, first: Sent) -> Response:
        """One answer for all that is stored by now."""
        response = Response()
        sent: Sent | None = first
        while sent:
            outcome = await sent.outcome
            response.buffered |= outcome.buffered
            for item in (*sent.refused, *outcome.rejections):
                response.rejected.append(rejection(item, sent.sequence))
            response.committed_sequence = sent.sequence
            sent = self._window.next_stored() if len(response.rejected) < MOST_REJECTIONS else None
        return response
