"""Responses to REST, which Envoy transcodes: their HTTP status, their headers, JSON numbers, and their abort."""

import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from iotflow.contract import is_json_number, method_of, rest_number
from iotflow_server.interceptors.middleware import CallScope, Context, Handler, handler_function, with_function
from iotflow_server.interceptors.serialization import AbortMarker
from iotflow_server.wire_format import FIXED64, tag, varint

# Envoy adds the first header to transcoded requests, and reads the second from responses.
FROM_REST, STATUS = "x-envoy-original-path", "x-http-code"

Response = TypeVar("Response")


def from_rest(context: Context) -> bool:
    """Whether Envoy transcoded this call from a REST request."""
    return any(key == FROM_REST for key, _ in context.invocation_metadata() or ())


async def answer_with(context: Context, status: int) -> None:
    """Make Envoy respond with this status. gRPC callers do not get the header, which would cost them a message."""
    if from_rest(context):
        await context.send_initial_metadata(((STATUS, str(status)),))


class InitialMetadata:
    """The innermost middleware. Clients such as tonic open a stream only when its initial metadata have arrived.

    Transcoded streams send theirs with the first message, so that an earlier rejection keeps its HTTP status.
    """

    def wrap(self, _method: str, handler: Handler) -> CallScope | None:
        return _send if handler.response_streaming else None


@asynccontextmanager
async def _send(_request: Any, context: Context) -> AsyncIterator[None]:
    if not from_rest(context):
        await context.send_initial_metadata(())
    yield


async def abort_mid_stream(
    responses: AsyncIterator[Response], context: Context
) -> AsyncIterator[Response | AbortMarker]:
    """Yield the responses. If they fail after the first one and the call is a REST call, yield an AbortMarker last.

    HTTP/1.1 cannot send a status after a body. Without the marker, Envoy would end the transfer as if it were complete.
    Envoy cannot read the marker, and therefore aborts the transfer.
    """
    begun = False
    try:
        async for response in responses:
            begun = True
            yield response
    except Exception:
        if begun and from_rest(context):
            yield AbortMarker()
        raise


def with_json_numbers(method: str, handler: Handler) -> Handler:
    """The same RPC, with JSON numbers in its responses to REST; the handler itself if its responses have none."""
    found = method_of(method)
    if found is None or not _paths(found.output_type):
        return handler
    make = _streaming if handler.response_streaming else _unary
    return with_function(handler, make(handler_function(handler)))


def add_json_numbers(response: Response) -> Response:
    """Add the doubles that Envoy prints for 64-bit integers to the response, as unknown fields. See iotflow.contract.rest_number."""
    if isinstance(response, Message):
        _add(response)
    return response


def _add(message: Message) -> None:
    for field in _paths(message.DESCRIPTOR):
        if field.message_type is None:
            value = getattr(message, field.name)
            # Envoy prints 0 for an absent number.
            if message.HasField(field.name) if field.has_presence else value:
                message.MergeFromString(_tag(field.number) + struct.pack("<d", value))
        elif field.is_repeated:
            for inner in getattr(message, field.name):
                _add(inner)
        elif message.HasField(field.name):
            _add(getattr(message, field.name))


def _unary(function: Any) -> Callable[[Any, Context], Any]:
    async def unary(request: Any, context: Context) -> Any:
        answer = await function(request, context)
        return add_json_numbers(answer) if from_rest(context) else answer

    return unary


def _streaming(function: Any) -> Callable[[Any, Context], AsyncIterator[Any]]:
    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
        is_rest = from_rest(context)
        async for answer in function(request, context):
            yield add_json_numbers(answer) if is_rest else answer

    return stream


@cache
def _paths(message: Descriptor) -> tuple[FieldDescriptor, ...]:
    """The fields of a message that are JSON numbers, or messages of the contract with such fields."""
    return tuple(field for field in message.fields if is_json_number(field) or _holds_some(field, message))


def _holds_some(field: FieldDescriptor, message: Descriptor) -> bool:
    inner = field.message_type
    return inner is not None and inner.file.package == message.file.package and bool(_paths(inner))


@cache
def _tag(number: int) -> bytes:
    """The tag of the double from which the REST gateway prints the field of this number."""
    return varint(tag(rest_number(number), FIXED64))
