"""StreamTelemetry: batches up, acknowledgements down, each at its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.middleware import Malformed
from iotflow_server.interceptors.validation import malformed
from iotflow_server.rpc.codec.wire_batches import rejection
from iotflow_server.rpc.streams.sessions import Session, Sessions
from iotflow_server.rpc.telemetry.stream_batches import Sent, Taking
from iotflow_server.telemetry.intake import Intake

Response = telemetry_service_pb2.StreamTelemetryResponse

# In one answer; callers take 4 MiB at a time unless they say otherwise.
MOST_REJECTIONS = 1_000


class Window:
    """What was taken and not yet acknowledged, in order, bounded."""

    def __init__(self, size: int) -> None:
        self._room = asyncio.Semaphore(size)
        self._sent: deque[Sent] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    async def room(self) -> None:
        """Wait while the window is full: what is taken has its place before."""
        await self._room.acquire()

    def add(self, sent: Sent) -> None:
        """Add a batch to the room that was waited for."""
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
        self._taking = Taking(intake, session.principal)
        self._session = session
        self._window = Window(window)
        self._committed = 0

    async def answers(self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch]) -> AsyncGenerator[Response]:
        """Acknowledge batches as they become durable. Whatever ends the stream, what was taken before is acknowledged first."""
        reader = asyncio.create_task(self._read(batches), name="telemetry stream reader")
        self._session.ended.add_done_callback(lambda _: reader.cancel())
        try:
            while sent := await self._window.first():
                async for answer in self._acknowledgements(sent):
                    yield answer
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
                await self._window.room()
                self._window.add(await self._taking.take(message))
        finally:
            self._window.close()

    async def _acknowledgements(self, first: Sent) -> AsyncIterator[Response]:
        """One answer for all that is stored by now; where much is refused, some before it that acknowledge nothing more."""
        response = Response(committed_sequence=self._committed)
        sent: Sent | None = first
        while sent:
            outcome = await sent.outcome()
            response.buffered |= outcome.buffered
            for item in outcome.rejections:
                if len(response.rejected) == MOST_REJECTIONS:
                    yield response
                    response = Response(committed_sequence=self._committed, buffered=outcome.buffered)
                response.rejected.append(rejection(item, sent.sequence))
            self._committed = response.committed_sequence = sent.sequence
            if outcome.rejections:
                # Many messages may be stored by now, and each may be refused in a thousand places.
                await asyncio.sleep(0)
            sent = self._window.next_stored()
        yield response


class TelemetryStreamHandler:
    """StreamTelemetry. window: batches of a stream that are not acknowledged yet."""

    def __init__(self, *, intake: Intake, sessions: Sessions, window: int) -> None:
        self._intake = intake
        self._sessions = sessions
        self._window = window

    async def stream(
        self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch], principal: Principal
    ) -> AsyncGenerator[Response]:
        """StreamTelemetry."""
        async with self._sessions.open(principal) as session:
            stream = TelemetryStream(self._intake, session, self._window)
            async with aclosing(stream.answers(batches)) as answers:
                async for answer in answers:
                    yield answer
