"""Telemetry up a stream that is opened again when it breaks, until the server has everything."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TypeAlias

import grpc
from grpc import StatusCode

from iotflow.backoff import Backoff
from iotflow.channels import credentials, open_channel
from iotflow.errors import ServerError, server_error
from iotflow.unacknowledged import Unacknowledged
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

# Quoted: grpc's classes are generic in their type stubs only.
Call: TypeAlias = "grpc.aio.StreamStreamCall[TelemetryBatch, StreamTelemetryResponse]"

# Everything is acknowledged by then; a server that does not answer a goodbye is not waited for.
GOODBYE_SECONDS = 1.0
# A server, or something in between, that sends no headers before its first answer is waited for no longer.
ACCEPT_SECONDS = 2.0


def noop(*_: object) -> None:
    """What is called where the caller asked for no call."""


class TelemetryWriter:
    """Sends batches, keeps them until they are acknowledged, and resends them over a new connection when one breaks.

        async with TelemetryWriter("127.0.0.1:50051", api_key=key) as writer:
            await writer.send(encode_batch(times, {"temperature": values}))

    Leaving the block waits until everything is acknowledged, which is to say stored durably; leaving it by an
    exception does not wait. A server that is away is waited for without end: put asyncio.timeout around what must end.

    target: host:port, reached without TLS, or a channel of the caller's (who closes it).
    api_key: of a device. token: of a gateway or admin, whose batches name their device.
    window: batches that may wait for their acknowledgement; beyond that send() waits.
    connect_timeout: seconds that one attempt to connect may take.
    on_acknowledged: called with the number of rows the server is done with, after on_rejected for those refused.
    on_rejected: called with each Rejection; sequence counts the batches from 1, index is the row in that batch.
    on_interrupted: called with the ServerError and the seconds until the next attempt.
    An exception from a callback ends the writer and comes out of send(), flush() or close().
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
        self._unacknowledged = Unacknowledged(window)
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
        """Take a batch over (it gets its sequence here), waiting while the window is full.

        Raises ServerError where the server takes nothing of this caller, RuntimeError where the writer is closed.
        """
        await self._unacknowledged.room()
        await self._check_open()
        self._unacknowledged.add(batch)

    async def flush(self) -> None:
        """Wait until everything sent is acknowledged. Raises as send() does."""
        await self._unacknowledged.emptied()
        if len(self._unacknowledged):
            await self._check_open()

    async def close(self) -> None:
        """Wait until everything is acknowledged and let go of the connection. Raises ServerError as send() does."""
        if self._closing:
            return
        try:
            await self.flush()
            await self._say_goodbye()
        finally:
            await self._stop()

    async def _check_open(self) -> None:
        """Raise what ended the writer, if it has ended."""
        if self._closing or self._runner is None:
            raise RuntimeError("the writer is not open")
        if self._unacknowledged.ended:
            await asyncio.wait((self._runner,))
            if self._runner.cancelled():
                raise RuntimeError("the writer's channel was closed")
            self._runner.result()

    async def _say_goodbye(self) -> None:
        self._closing, call = True, self._call
        if call is None:
            return
        with suppress(grpc.aio.InternalError, TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
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
        """Wait until it is time for the next attempt; raises the error where there is to be none."""
        if self._closing:
            return
        if not error.retryable:
            raise error
        delay = self._backoff.delay(error.retry_after)
        self._on_interrupted(error, delay)
        await asyncio.sleep(delay)

    async def _stream(self) -> None:
        """One connection, from its making to its end."""
        await self._connected()
        self._unacknowledged.rewind()
        call: Call = TelemetryServiceStub(self._channel).StreamTelemetry(metadata=self._metadata)
        giver = asyncio.create_task(self._give(call), name="telemetry writer's giver")
        self._call = call
        try:
            await self._listen(call)
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None
        finally:
            self._call = None
            giver.cancel()
            await asyncio.gather(giver, return_exceptions=True)
            call.cancel()
        raise ServerError(StatusCode.UNAVAILABLE, "the server ended the stream", retryable=True)

    async def _connected(self) -> None:
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self._channel.channel_ready()
        except TimeoutError:
            message = f"no connection within {self._connect_timeout:g} s"
            raise ServerError(StatusCode.UNAVAILABLE, message, retryable=True) from None

    async def _give(self, call: Call) -> None:
        # A call that is over says why to the one who listens.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await _accepted(call)
            while True:
                await call.write(await self._unacknowledged.next())

    async def _listen(self, call: Call) -> None:
        async for answer in call:
            self._backoff.reset()
            for rejection in answer.rejected:
                self._on_rejected(rejection)
            self._on_acknowledged(self._unacknowledged.rows(answer.committed_sequence))
            self._unacknowledged.acknowledge(answer.committed_sequence)


async def _accepted(call: Call) -> None:
    """Wait until the server has taken the stream: a refusal that meets a write under way shows as INTERNAL (grpc#36066)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ACCEPT_SECONDS):
            await call.initial_metadata()
