"""Runs middleware around the function of an RPC, for all four kinds of RPC."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

import grpc
from grpc.aio import ServerInterceptor, ServicerContext

from iotflow_server.interceptors.call_context import with_principal
from iotflow_server.interceptors.serialization import request_deserializer, response_serializer

# Quoted: grpc's classes are generic in their type stubs only.
Context: TypeAlias = "ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Continuation: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]"
# A context manager around one call, entered with the request (None for a stream of requests) and the context.
CallScope = Callable[[Any, Any], AbstractAsyncContextManager[None]]
Wrap: TypeAlias = "Callable[[str, Handler], Handler]"


class Middleware(Protocol):
    """One concern of all calls."""

    def wrap(self, method: str, handler: Handler) -> CallScope | None:
        """The scope of this method's calls, by its full name; None: there is none. Called once per method."""


class MiddlewareChain(ServerInterceptor):
    """All middleware, outermost first. A method is wrapped at its first call.

    shaped: adapts the responses of an RPC to REST, inside all middleware.
    watched: supervises the sending of a streaming RPC.
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
        wrapped = self._shaped(method, _with_codecs(method, handler))
        for layer in reversed(self._layers):
            scope = layer.wrap(method, handler)
            if scope is not None:
                wrapped = wrap_handler(wrapped, scope)
        return self._watched(method, wrapped) if handler.response_streaming else wrapped


def _with_codecs(method: str, handler: Handler) -> Handler:
    """The same RPC, which also takes MalformedRequest and returns Encoded and AbortMarker."""
    # The messages of a stream are checked where they are read.
    deserializer = request_deserializer(handler.request_deserializer, method, keeps=not handler.request_streaming)
    serializer = response_serializer(handler.response_serializer, method)
    made: Handler = _maker(handler)(handler_function(handler), deserializer, serializer)
    return made


def wrap_handler(handler: Handler, scope: CallScope) -> Handler:
    """The same RPC with its function inside the scope."""
    if handler.response_streaming:
        return _wrap_streaming(handler, scope)
    return _wrap_unary(handler, scope)


def handler_function(handler: Handler) -> Any:
    """The function that implements the RPC."""
    if handler.response_streaming:
        return handler.stream_stream if handler.request_streaming else handler.unary_stream
    return handler.stream_unary if handler.request_streaming else handler.unary_unary


def _maker(handler: Handler) -> Any:
    if handler.response_streaming:
        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler
        return grpc.unary_stream_rpc_method_handler
    return grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler


def with_function(handler: Handler, function: Any) -> Handler:
    """The same RPC with another function."""
    made: Handler = _maker(handler)(function, handler.request_deserializer, handler.response_serializer)
    return made


def _wrap_unary(handler: Handler, scope: CallScope) -> Handler:
    function, streaming = handler_function(handler), handler.request_streaming

    async def unary(request: Any, context: Context) -> Any:
        context = with_principal(context)
        async with scope(None if streaming else request, context):
            return await function(request, context)

    return with_function(handler, unary)


def _wrap_streaming(handler: Handler, scope: CallScope) -> Handler:
    function, streaming = handler_function(handler), handler.request_streaming
    if not inspect.isasyncgenfunction(function):
        # grpc's own services write to the context instead of yielding.
        return _wrap_writing(handler, function, scope)

    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
        context = with_principal(context)
        async with scope(None if streaming else request, context):
            async for response in function(request, context):
                yield response

    return with_function(handler, stream)


def _wrap_writing(handler: Handler, function: Any, scope: CallScope) -> Handler:
    streaming = handler.request_streaming

    async def write(request: Any, context: Context) -> None:
        context = with_principal(context)
        async with scope(None if streaming else request, context):
            await function(request, context)

    return with_function(handler, write)
