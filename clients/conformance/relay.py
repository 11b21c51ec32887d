"""A gRPC server that forwards every call to the real one, byte for byte, and lets faults change calls on the way."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import grpc

from clients.conformance.relay_faults import Abort, Call, Fault
from clients.conformance.stream_record import StreamRecord
from tools.ports import reserved_port

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Upstream: TypeAlias = "grpc.aio.StreamStreamCall[bytes, bytes]"

# More than clients take, so that an answer beyond their limit reaches them.
_MESSAGE_BYTES = 128 * 1024 * 1024
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.use_local_subchannel_pool", 1),
    # The server comes back at any time, and the relay must not add pauses of its own.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 50),
)
# Metadata of the transport, which each side makes for itself.
_OWN_METADATA = ("user-agent", "grpc-accept-encoding", "accept-encoding", "content-type", "te")


class Relay(grpc.GenericRpcHandler):
    """faults: asked for each call and message, in order. streams: a record of each StreamTelemetry call so far."""

    def __init__(self, upstream: str) -> None:
        self.port = reserved_port()
        self.faults: list[Fault] = []
        self.streams: list[StreamRecord] = []
        self.calls: list[str] = []
        self._channel = grpc.aio.insecure_channel(upstream, _OPTIONS)
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers((self,))
        self._server.add_insecure_port(f"127.0.0.1:{self.port}")

    async def open(self) -> None:
        """Take calls."""
        await self._server.start()

    async def end(self) -> None:
        """Cancel all calls and stop."""
        await self._server.stop(None)
        await self._channel.close()

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call of any method; all are handled as streams, which look the same on the wire."""
        method = details.method

        async def handle(_requests: object, context: Context) -> None:
            await self._handle(method, context)

        return grpc.stream_stream_rpc_method_handler(handle)

    async def _handle(self, method: str, context: Context) -> None:
        call = Call(method.rpartition("/")[2])
        self.calls.append(call.method)
        faults: Sequence[Fault] = tuple(self.faults)
        if call.method == "StreamTelemetry":
            record = StreamRecord()
            self.streams.append(record)
            # First on the way in and last on the way out: it sees what the client sees.
            faults = (record, *faults)
        try:
            for fault in faults:
                fault.begin(call)
            await self._forward(method, call, context, faults)
        except Abort as abort:
            await context.abort(abort.code, abort.message, abort.trailers)
        except grpc.aio.AioRpcError as error:
            trailers = tuple(error.trailing_metadata() or ())
            await context.abort(error.code(), error.details() or "", trailers)

    async def _forward(self, method: str, call: Call, context: Context, faults: Sequence[Fault]) -> None:
        metadata = [(key, value) for key, value in context.invocation_metadata() or () if key not in _OWN_METADATA]
        upstream: Upstream = self._channel.stream_stream(method)(metadata=metadata)
        requests = asyncio.create_task(_send(upstream, call, context, faults))
        answers = asyncio.create_task(_answer(upstream, call, context, faults))
        try:
            await asyncio.wait((requests, answers), return_when=asyncio.FIRST_COMPLETED)
            # A fault in the requests ends the call; otherwise the answers do.
            if requests.done() and requests.exception():
                requests.result()
            await answers
        finally:
            for task in (requests, answers):
                task.cancel()
            await asyncio.gather(requests, answers, return_exceptions=True)
            upstream.cancel()


async def _send(upstream: Upstream, call: Call, context: Context, faults: Sequence[Fault]) -> None:
    while (message := _message(await context.read())) is not None:
        call.requests += 1
        for fault in faults:
            fault.request(call, message)
        # The reader of the answers gets the status of a call that has ended.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await upstream.write(message)
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await upstream.done_writing()


async def _answer(upstream: Upstream, call: Call, context: Context, faults: Sequence[Fault]) -> None:
    metadata = tuple(await upstream.initial_metadata())
    # A call that has failed already gets trailers only, as from the server itself.
    if not upstream.done():
        await _complete(context.send_initial_metadata(metadata))
    while (message := _message(await upstream.read())) is not None:
        messages = [message]
        for fault in reversed(faults):
            messages = [changed for each in messages for changed in fault.answer(call, each)]
        for each in messages:
            await _complete(context.write(each))
    code = await upstream.code()
    if code is not grpc.StatusCode.OK:
        trailers = tuple(await upstream.trailing_metadata())
        raise Abort(code, await upstream.details() or "", trailers)
    context.set_trailing_metadata(tuple(await upstream.trailing_metadata()))


async def _complete(sending: Coroutine[Any, Any, None]) -> None:
    """Send to the end, also if the caller is cancelled: gRPC cannot abort a call while a message is on the way."""
    task = asyncio.ensure_future(sending)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait({task})
        # Where the caller is cancelled, nothing else retrieves the error of a client that has left.
        if not task.cancelled():
            task.exception()


def _message(read: object) -> bytes | None:
    """What was read; None: the end."""
    return read if isinstance(read, bytes) else None
