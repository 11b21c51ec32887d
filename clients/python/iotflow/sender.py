"""Sends the queue over streams: a new stream after each failure, from the oldest batch that is not acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
from grpc import StatusCode

from iotflow.connection import Connection, Metadata
from iotflow.delivery import Delivery, Entry
from iotflow.errors import ServerError
from iotflow.queue_owner import QueueOwner
from iotflow.queue_records import RecordDamaged
from iotflow.resuming import Resumption, ended
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse

# Quoted, because grpc's classes are generic in their type stubs only.
Call: TypeAlias = "grpc.aio.StreamStreamCall[bytes, StreamTelemetryResponse]"

METHOD = "/iotflow.v1.TelemetryService/StreamTelemetry"
# Time for the server to end the stream, when everything is acknowledged already.
END_SECONDS = 1.0
# Time for the first headers: some servers and proxies send none before their first message.
ACCEPT_SECONDS = 2.0
# Statuses of a stream that a batch ends.
_ABOUT_A_BATCH = frozenset({StatusCode.INVALID_ARGUMENT, StatusCode.OUT_OF_RANGE, StatusCode.RESOURCE_EXHAUSTED})


@dataclass(frozen=True, slots=True)
class SenderCallbacks:
    """See TelemetryWriter. on_unreadable: called with a batch that the disk no longer has."""

    on_acknowledged: Callable[[int], None]
    on_rejected: Callable[[Rejection], None]
    on_interrupted: Callable[[ServerError, float], None]
    on_unreadable: Callable[[Entry], None]


class StreamSender:
    """Sends what `delivery` has. read: the payload of an entry that is not in memory. gives_up: see TelemetryWriter.

    owner: of the batches in a folder, which are sent with its key only. It may be set before run().
    """

    def __init__(
        self,
        connection: Connection,
        delivery: Delivery,
        read: Callable[[Entry], Awaitable[bytes]],
        callbacks: SenderCallbacks,
        *,
        gives_up: bool,
    ) -> None:
        self._connection = connection
        self._delivery = delivery
        self._read = read
        self.owner: QueueOwner | None = None
        self._callbacks = callbacks
        self._gives_up = gives_up
        self._resumption = Resumption(connection, callbacks.on_interrupted)
        self._call: Call | None = None
        self._is_closing = False

    async def run(self) -> None:
        """Run until end(). Raises the ServerError that stops the writer."""
        try:
            while not self._is_closing:
                try:
                    await self._stream()
                except ServerError as error:
                    await self._recover(error)
        finally:
            self._delivery.end()

    @property
    def failure(self) -> str:
        """Why the last stream ended, as text; empty: nothing failed since the last acknowledgement."""
        return self._resumption.failure

    async def end(self) -> None:
        """End the stream, and wait a moment for the server to do so too."""
        self._is_closing, call = True, self._call
        if call is None:
            return
        with suppress(grpc.aio.InternalError, asyncio.InvalidStateError, TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await call.done_writing()
                await call.code()

    async def _recover(self, error: ServerError) -> None:
        """Wait until the next attempt. Raises the error where there is none."""
        if self._is_closing:
            return
        if self._gives_up and self._delivery.on_the_way and _is_about_a_batch(error):
            self._isolate(error)
        else:
            await self._resumption.failed(error)

    def _isolate(self, error: ServerError) -> None:
        """Give up the batch that ends the stream, or find it by sending one at a time."""
        if self._delivery.on_the_way > 1:
            self._delivery.suspect()
            return
        poison = self._delivery.oldest()
        rejection = Rejection(
            sequence=poison.sequence,
            count=poison.rows,
            reason=error.reason or error.code.name,
            message=error.message,
        )
        self._callbacks.on_rejected(rejection)
        self._delivery.remove_oldest()

    async def _stream(self) -> None:
        """Run one stream from its start to its end. Always raises ServerError."""
        async with self._connection.call() as channel:
            self._delivery.rewind()
            metadata = self._resumption.begin()
            if self.owner:
                self.owner.begin(metadata, is_empty=not len(self._delivery))
            call = self._call = _opened(channel, metadata)
            sender = asyncio.create_task(self._send_pending(call), name="telemetry writer's sender")
            try:
                await self._read_acknowledgements(call)
            finally:
                self._call = None
                sender.cancel()
                (outcome,) = await asyncio.gather(sender, return_exceptions=True)
                call.cancel()
                if isinstance(outcome, Exception):
                    raise outcome
        raise ended()

    async def _send_pending(self, call: Call) -> None:
        try:
            await _accepted(call)
            while True:
                entry = await self._delivery.next()
                payload = entry.payload or await self._payload(entry)
                if payload:
                    await self._confirm(entry)
                    await call.write(payload)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            # The reader of acknowledgements gets the status of a call that has ended.
            pass
        except Exception:
            # Such as one of a callback: the reader would wait for acknowledgements.
            call.cancel()
            raise

    async def _payload(self, entry: Entry) -> bytes | None:
        try:
            return await self._read(entry)
        except RecordDamaged:
            self._delivery.remove(entry)
            self._callbacks.on_unreadable(entry)
            return None
        except OSError as error:
            # The batch is on the disk, and can be read later.
            raise ServerError(StatusCode.UNAVAILABLE, f"The queue cannot be read: {error}", retryable=True) from None

    async def _confirm(self, entry: Entry) -> None:
        try:
            if self.owner:
                await self.owner.confirm(names_device=entry.names_device)
        except ServerError:
            # It is not about the batch.
            self._delivery.rewind()
            raise

    async def _read_acknowledgements(self, call: Call) -> None:
        async for answer in call:
            self._resumption.succeeded()
            for rejection in answer.rejected:
                self._callbacks.on_rejected(rejection)
            self._callbacks.on_acknowledged(self._delivery.rows_up_to(answer.committed_sequence))
            self._delivery.acknowledge(answer.committed_sequence)


def _opened(channel: grpc.aio.Channel, metadata: Metadata) -> Call:
    # Batches are serialized when they enter the queue, and sent as these bytes as often as needed.
    method: Any = channel.stream_stream(METHOD, None, StreamTelemetryResponse.FromString)
    call: Call = method(metadata=metadata)
    return call


def _is_about_a_batch(error: ServerError) -> bool:
    return error.code in _ABOUT_A_BATCH and not (error.is_interruption and error.code is StatusCode.RESOURCE_EXHAUSTED)


async def _accepted(call: Call) -> None:
    """Wait until the server has accepted the stream: an error during a write would appear as INTERNAL (grpc#36066)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ACCEPT_SECONDS):
            await call.initial_metadata()
