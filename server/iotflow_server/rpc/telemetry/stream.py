"""StreamTelemetry: receives batches and returns acknowledgements, independently of each other."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.serialization import MalformedRequest
from iotflow_server.interceptors.validation import malformed
from iotflow_server.rpc.codec.batch_encoding import rejection
from iotflow_server.rpc.telemetry.stream_batches import BatchReceiver, PendingMessage
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.telemetry.device_ingest import DeviceIngest

Response = telemetry_service_pb2.StreamTelemetryResponse

# Rejections in one response. gRPC clients accept messages of up to 4 MiB by default.
MOST_REJECTIONS = 1_000


class Window:
    """A bounded queue of the messages that are received and not yet acknowledged."""

    def __init__(self, size: int) -> None:
        self._room = asyncio.Semaphore(size)
        self._pending: deque[PendingMessage] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    async def reserve(self) -> None:
        """Wait while the window is full, and reserve a slot for one message."""
        await self._room.acquire()

    def add(self, message: PendingMessage) -> None:
        """Add a message to the reserved slot."""
        self._pending.append(message)
        self._changed.set()

    def close(self) -> None:
        """Record that no further message follows."""
        self._closed = True
        self._changed.set()

    async def first(self) -> PendingMessage | None:
        """Remove and return the oldest message; None: the window is empty and closed."""
        while not self._pending:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._take()

    def first_stored(self) -> PendingMessage | None:
        """Remove and return the oldest message if it is stored."""
        return self._take() if self._pending and self._pending[0].is_stored else None

    def _take(self) -> PendingMessage:
        self._room.release()
        return self._pending.popleft()


class TelemetryStream:
    """One open StreamTelemetry."""

    def __init__(self, device_ingest: DeviceIngest, active_stream: ActiveStream, window: int) -> None:
        self._receiver = BatchReceiver(device_ingest, active_stream.principal)
        self._active_stream = active_stream
        self._window = Window(window)
        self._committed = 0

    async def responses(self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch]) -> AsyncGenerator[Response]:
        """Acknowledge batches when they are durable. At the end of the stream, all received batches are acknowledged first."""
        reader = asyncio.create_task(self._read(batches), name="telemetry stream reader")
        self._active_stream.ended.add_done_callback(lambda _: reader.cancel())
        try:
            while message := await self._window.first():
                async for response in self._acknowledgements(message):
                    yield response
            with suppress(asyncio.CancelledError):
                await reader
            if self._active_stream.end_error:
                raise self._active_stream.end_error
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch]) -> None:
        last = 0
        try:
            async for message in batches:
                if isinstance(message, MalformedRequest):
                    raise malformed()
                if message.sequence <= last:
                    raise InvalidArgument("sequence", _sequence_problem(message.sequence, last))
                last = message.sequence
                await self._window.reserve()
                self._window.add(await self._receiver.receive(message))
        finally:
            self._window.close()

    async def _acknowledgements(self, first: PendingMessage) -> AsyncIterator[Response]:
        """One response that acknowledges all stored batches. If there are many rejections, responses with rejections precede it,
        which acknowledge no further batch."""
        response = Response(committed_sequence=self._committed)
        message: PendingMessage | None = first
        while message:
            outcome = await message.outcome()
            response.buffered |= outcome.buffered
            for item in outcome.rejections:
                if len(response.rejected) == MOST_REJECTIONS:
                    yield response
                    response = Response(committed_sequence=self._committed, buffered=outcome.buffered)
                response.rejected.append(rejection(item, message.sequence))
            self._committed = response.committed_sequence = message.sequence
            if outcome.rejections:
                # Many messages may be stored, each with up to a thousand rejections. Other tasks run in between.
                await asyncio.sleep(0)
            message = self._window.first_stored()
        yield response


def _sequence_problem(sequence: int, last: int) -> str:
    if not last:
        return f"The first sequence of a stream is {sequence}; it must be at least 1."
    return f"The sequence {sequence} is not greater than the preceding one, {last}."


class TelemetryStreamHandler:
    """Handles StreamTelemetry. window: the maximum number of unacknowledged batches of a stream."""

    def __init__(self, *, device_ingest: DeviceIngest, active_streams: ActiveStreams, window: int) -> None:
        self._device_ingest = device_ingest
        self._active_streams = active_streams
        self._window = window

    async def stream(
        self, batches: AsyncIterator[telemetry_pb2.TelemetryBatch], principal: Principal
    ) -> AsyncGenerator[Response]:
        """StreamTelemetry."""
        async with self._active_streams.open(principal) as active_stream:
            stream = TelemetryStream(self._device_ingest, active_stream, self._window)
            async with aclosing(stream.responses(batches)) as responses:
                async for response in responses:
                    yield response
