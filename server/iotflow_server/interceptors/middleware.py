"""Puts layers around an RPC's behaviour, whichever of its four kinds it is."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from grpc.aio import ServerInterceptor, ServicerContext

from iotflow_server.interceptors.call_context import with_principal
from iotflow_server.interceptors.constants import constant_filler
from iotflow_server.interceptors.empty_fields import keep
from iotflow_server.interceptors.path_fields import conflict_finder

# Quoted: grpc's classes are generic in their type stubs only.
Context: TypeAlias = "ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Continuation: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]"
# Entered before the behaviour with (request or None for a stream of them, context), left after it, exceptions included.
Around = Callable[[Any, Any], AbstractAsyncContextManager[None]]
Wrap: TypeAlias = "Callable[[str, Handler], Handler]"


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stands in place of a request whose bytes are no message of the method, or give two values for `field`."""

    field: str = ""


class AbortMarker:
    """Stands in place of an answer of a stream, and travels as bytes that are no message of any method."""


NO_MESSAGE = b"\xff"


@dataclass(frozen=True, slots=True)
class Encoded:
    """Stands in place of an answer: the bytes of the message, so that nothing is left to do on the event loop."""

    content: bytes


class Middleware(Protocol):
    """One concern of every call."""

    def around(self, method: str, handler: Handler) -> Around | None:
        """What to put about this method, by its full name; None: nothing. Asked once a method."""


class MiddlewareChain(ServerInterceptor):
    """All layers, outermost first. A method is wrapped at its first call; later ones cost no building.

    shaped: from a method and its RPC to the same RPC with answers as REST needs them, inside all layers.
    watched: from a method and its streaming RPC to the same RPC, watched while it sends.
    """

    def __init__(self, layers: Sequence[Middleware], *, shaped: Wrap, watched: Wrap) -> None:
        self._layers = layers
        self._shaped = shaped
        self._watched = watched
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        self._wrapped[method] = wrapped = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Handler) -> Handler:
        wrapped = self._shaped(method, _tolerant(method, handler))
        for layer in reversed(self._layers):
            around = layer.around(method, handler)
            if around is not None:
                wrapped = wrap_handler(wrapped, around)
        return self._watched(method, wrapped) if handler.response_streaming else wrapped


def wrap_handler(handler: Handler, around: Around) -> Handler:
    """The same RPC with `around` about its behaviour."""
    if handler.response_streaming:
        return _wrap_streaming(handler, around)
    return _wrap_unary(handler, around)


def handler_function(handler: Handler) -> Any:
    """What is called for the RPC."""
    if handler.response_streaming:
        return handler.stream_stream if handler.request_streaming else handler.unary_stream
    return handler.stream_unary if handler.request_streaming else handler.unary_unary


def _maker(handler: Handler) -> Any:
    if handler.response_streaming:
        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler
        return grpc.unary_stream_rpc_method_handler
    return grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler


def made_like(handler: Handler, behaviour: Any) -> Handler:
    """The same RPC with another behaviour."""
    made: Handler = _maker(handler)(behaviour, handler.request_deserializer, handler.response_serializer)
    return made


def _tolerant(method: str, handler: Handler) -> Handler:
    """The same RPC, which takes requests and gives answers that are no messages."""
    # Of a stream's messages each is checked where it is read.
    kept = _ignored if handler.request_streaming else keep
    deserializer = _forgiving(handler.request_deserializer, conflict_finder(method), kept)
    serializer = _outspoken(handler.response_serializer, constant_filler(method))
    made: Handler = _maker(handler)(handler_function(handler), deserializer, serializer)
    return made


def _ignored(_content: bytes) -> None:
    """Keep nothing."""


def _forgiving(deserializer: Any, conflict: Callable[[bytes], str] | None, kept: Callable[[bytes], None]) -> Any:
    """grpc would tell the caller the parser's own words, and the layers would never hear of it."""

    def deserialize(data: bytes) -> Any:
        try:
            request = deserializer(data)
        except DecodeError:
            return Malformed()
        kept(data)
        field = conflict(data) if conflict else ""
        return Malformed(field) if field else request

    return deserialize if deserializer else None


def _outspoken(serializer: Any, fill: Callable[[Any], None] | None) -> Any:
    def serialize(answer: Any) -> bytes:
        if isinstance(answer, Encoded):
            return answer.content
        if isinstance(answer, AbortMarker):
            return NO_MESSAGE
        if fill:
            fill(answer)
        content: bytes = serializer(answer)
        return content

    return serialize if serializer else None


def _wrap_unary(handler: Handler, around: Around) -> Handler:
    behaviour, streaming = handler_function(handler), handler.request_streaming

    async def unary(request: Any, context: Context) -> Any:
        context = with_principal(context)
        async with around(None if streaming else request, context):
            return await behaviour(request, context)

    return made_like(handler, unary)


def _wrap_streaming(handler: Handler, around: Around) -> Handler:
    behaviour, streaming = handler_function(handler), handler.request_streaming
    if not inspect.isasyncgenfunction(behaviour):
        # grpc's own services write to the context instead of yielding.
        return _wrap_writing(handler, behaviour, around)

    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
        context = with_principal(context)
        async with around(None if streaming else request, context):
            async for answer in behaviour(request, context):
                yield answer

    return made_like(handler, stream)


def _wrap_writing(handler: Handler, behaviour: Any, around: Around) -> Handler:
    streaming = handler.request_streaming

    async def write(request: Any, context: Context) -> None:
        context = with_principal(context)
        async with around(None if streaming else request, context):
            await behaviour(request, context)

    return made_like(handler, write)
