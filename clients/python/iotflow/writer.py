"""Sends telemetry over a stream, and resends unacknowledged batches over a new stream."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TypeAlias

import grpc
from grpc import StatusCode

from iotflow.channels import Backoff, credentials, open_channel
from iotflow.errors import ServerError, server_error
from iotflow.unacknowledged import UnacknowledgedBatches
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

# Quoted, because grpc's classes are generic in their type stubs only.
Call: TypeAlias = "grpc.aio.StreamStreamCall[TelemetryBatch, StreamTelemetryResponse]"

# Time for the server to end the stream, when everything is acknowledged already.
END_SECONDS = 1.0
# Time for the first headers: some servers and proxies send none before their first message.
ACCEPT_SECONDS = 2.0


def noop(*_: object) -> None:
    """The default of a callback."""


class TelemetryWriter:
    """Sends batches, keeps them until they are acknowledged, and resends them over a new connection after a failure.

        async with TelemetryWriter("127.0.0.1:50051", api_key=key) as writer:
            await writer.send(encode_batch(times, {"temperature": values}))

    The end of the block waits until everything is acknowledged, that is, durably stored. After an exception it does not
    wait. The writer waits for an unavailable server without limit: use asyncio.timeout where a limit is needed.

    target: host:port without TLS, or a channel that the caller closes.
    api_key: of a device. token: of a gateway or admin, whose batches name their device.
    window: largest number of unacknowledged batches; send() waits while it is reached.
    connect_timeout: seconds for one attempt to connect.
    on_acknowledged: called with a number of rows that the server has processed, after on_rejected for these rows.
    on_rejected: called with each Rejection; sequence counts the batches from 1, index is the row in the batch.
    on_interrupted: called with the ServerError and the seconds until the next attempt.
    An exception in a callback ends the writer, and send(), flush() or close() raises it.
    """

    def __init__(
        self,
        target: str | grpc.aio.Channel,
        *,
        api_key: str = "",
        token: str = "",
        window: int = 64,
        connect_timeout: float = 10.0,
        on_acknowledged: Callable[[int], None] = noop,
        on_rejected: Callable[[Rejection], None] = noop,
        on_interrupted: Callable[[ServerError, float], None] = noop,
    ) -> None:
        self._owns_channel = isinstance(target, str)
        self._channel = open_channel(target) if isinstance(target, str) else target
        self._metadata = credentials(api_key, token)
        self._connect_timeout = connect_timeout
        self._on_acknowledged = on_acknowledged
        self._on_rejected = on_rejected
        self._on_interrupted = on_interrupted
        self._unacknowledged = UnacknowledgedBatches(window)
        self._backoff = Backoff()
        self._call: Call | None = None
        self._closing = False
        self._runner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run(), name="telemetry writer")
        return self

    async def __aexit__(self, exception_type: type[BaseException] | None, *_: object) -> None:
        if exception_type is None:
            await self.close()
        else:
            await self._stop()

    async def send(self, batch: TelemetryBatch) -> None:
        """Accept a batch and set its sequence. Waits while the window is full.

        Raises ServerError after an error that is not retryable, RuntimeError where the writer is closed.
        """
        await self._unacknowledged.wait_for_room()
        await self._check_open()
        self._unacknowledged.add(batch)

    async def flush(self) -> None:
        """Wait until everything sent is acknowledged. Raises as send() does."""
        await self._unacknowledged.wait_until_empty()
        if len(self._unacknowledged):
            await self._check_open()

    async def close(self) -> None:
        """Wait until everything is acknowledged, and close the connection. Raises ServerError as send() does."""
        if self._closing:
            return
        try:
            await self.flush()
            await self._end_stream()
        finally:
            await self._stop()

    async def _check_open(self) -> None:
        """Raise the error that ended the writer, if it has ended."""
        if self._closing or self._runner is None:
            raise RuntimeError("The writer is not open. Use it in an `async with` block.")
        if self._unacknowledged.ended:
            await asyncio.wait((self._runner,))
            if self._runner.cancelled():
                raise RuntimeError("The channel of the writer was closed.")
            self._runner.result()

    async def _end_stream(self) -> None:
        self._closing, call = True, self._call
        if call is None:
            return
        with suppress(grpc.aio.InternalError, TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await call.done_writing()
                await call.code()

    async def _stop(self) -> None:
        self._closing = True
        if self._runner:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        if self._owns_channel:
            await self._channel.close()

    async def _run(self) -> None:
        try:
            while not self._closing:
                try:
                    await self._stream()
                except ServerError as error:
                    await self._recover(error)
        finally:
            self._unacknowledged.end()

    async def _recover(self, error: ServerError) -> None:
        """Wait until the next attempt. Raises the error where it is not retryable."""
        if self._closing:
            return
        if not error.retryable:
            raise error
        delay = self._backoff.delay(error.retry_after)
        self._on_interrupted(error, delay)
        await asyncio.sleep(delay)

    async def _stream(self) -> None:
        """Run one stream from its start to its end."""
        await self._connected()
        self._unacknowledged.rewind()
        call: Call = TelemetryServiceStub(self._channel).StreamTelemetry(metadata=self._metadata)
        sender = asyncio.create_task(self._send_pending(call), name="telemetry writer's sender")
        self._call = call
        try:
            await self._read_acknowledgements(call)
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None
        finally:
            self._call = None
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            call.cancel()
        raise ServerError(StatusCode.UNAVAILABLE, "The server ended the stream.", retryable=True)

    async def _connected(self) -> None:
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self._channel.channel_ready()
        except TimeoutError:
            message = f"The server did not accept a connection within {self._connect_timeout:g} s."
            raise ServerError(StatusCode.UNAVAILABLE, message, retryable=True) from None

    async def _send_pending(self, call: Call) -> None:
        # The reader of acknowledgements gets the status of a call that has ended.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await _accepted(call)
            while True:
                await call.write(await self._unacknowledged.next())

    async def _read_acknowledgements(self, call: Call) -> None:
        async for answer in call:
            self._backoff.reset()
            for rejection in answer.rejected:
                self._on_rejected(rejection)
            self._on_acknowledged(self._unacknowledged.rows(answer.committed_sequence))
            self._unacknowledged.acknowledge(answer.committed_sequence)


async def _accepted(call: Call) -> None:
    """Wait until the server has accepted the stream: an error during a write would appear as INTERNAL (grpc#36066)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ACCEPT_SECONDS):
            await call.initial_metadata()
