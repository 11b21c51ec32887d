"""64-bit integers that REST returns as JSON numbers: responses to REST carry each of them a second time, as a double.

See iotflow.contract.rest_number.
"""

import struct
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from iotflow.contract import is_json_number, method_of, rest_number
from iotflow_server.interceptors.middleware import Context, Handler, handler_function, with_function
from iotflow_server.rpc.http_status import from_rest

Answer = TypeVar("Answer")

# Wire type of a double: https://protobuf.dev/programming-guides/encoding/
_FIXED64 = 1


def with_json_numbers(method: str, handler: Handler) -> Handler:
    """The same RPC, with JSON numbers in its responses to REST; the handler itself if its responses have none."""
    found = method_of(method)
    if found is None or not _paths(found.output_type):
        return handler
    make = _streaming if handler.response_streaming else _unary
    return with_function(handler, make(handler_function(handler)))


def add_json_numbers(answer: Answer) -> Answer:
    """Add the doubles that the REST gateway prints to the response, as unknown fields."""
    if isinstance(answer, Message):
        _add(answer)
    return answer


def _add(message: Message) -> None:
    for field in _paths(message.DESCRIPTOR):
        if field.message_type is None:
            value = getattr(message, field.name)
            # The gateway prints 0 for an absent number.
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
    """The key of a double field, as a varint."""
    key, content = rest_number(number) << 3 | _FIXED64, bytearray()
    while key > 0x7F:
        content.append(key & 0x7F | 0x80)
        key >>= 7
    content.append(key)
    return bytes(content)
