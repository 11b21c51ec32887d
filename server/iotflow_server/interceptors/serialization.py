"""Parsing of requests and serialization of responses: the types that replace messages, and fields with a constant value.

The option `constant` of the contract states such a value; older clients require their keys.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from iotflow.contract import method_of
from iotflow.v1 import options_pb2
from iotflow_server.interceptors.request_fields import conflict_finder, keep

# The path of messages to a field, the field, and its value.
Constant = tuple[Sequence[str], str, Any]
NO_MESSAGE = b"\xff"


@dataclass(frozen=True, slots=True)
class MalformedRequest:
    """Replaces a request that cannot be parsed, or that has two values for `field`."""

    field: str = ""


class AbortMarker:
    """Replaces a response of a stream. It is sent as bytes that no method can parse."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Replaces a response: the serialized message, so that the event loop does not serialize it."""

    content: bytes


def request_deserializer(deserializer: Any, method: str, *, keeps: bool) -> Any:
    """The deserializer of the method, which returns MalformedRequest instead of raising; None for None.

    grpc itself would send the parser's message to the caller, and bypass the middleware. keeps: whether the bytes are kept for
    has_empty_fields.
    """
    conflict = conflict_finder(method)

    def deserialize(data: bytes) -> Any:
        try:
            request = deserializer(data)
        except DecodeError:
            return MalformedRequest()
        if keeps:
            keep(data)
        field = conflict(data) if conflict else ""
        return MalformedRequest(field) if field else request

    return deserialize if deserializer else None


def response_serializer(serializer: Any, method: str) -> Any:
    """The serializer of the method, which also takes Encoded and AbortMarker, and sets constant fields; None for None."""
    fill = constant_filler(method)

    def serialize(response: Any) -> bytes:
        if isinstance(response, Encoded):
            return response.content
        if isinstance(response, AbortMarker):
            return NO_MESSAGE
        if fill:
            fill(response)
        content: bytes = serializer(response)
        return content

    return serialize if serializer else None


def constant_filler(method: str) -> Callable[[Message], None] | None:
    """A function that sets the constant fields of a method's responses; None: there are none. method: its full name."""
    found = method_of(method)
    constants = list(_constants(found.output_type, (), ())) if found else []
    if not constants:
        return None

    def fill(response: Message) -> None:
        for way, name, value in constants:
            holder: Any = response
            for step in way:
                if not holder.HasField(step):
                    break
                holder = getattr(holder, step)
            else:
                setattr(holder, name, value)

    return fill


def _constants(message: Descriptor, way: Sequence[str], within: Sequence[Descriptor]) -> Iterator[Constant]:
    for field in message.fields:
        if field.GetOptions().HasExtension(options_pb2.constant):
            yield way, field.name, _value(field)
        elif field.message_type and not field.is_repeated and field.message_type not in within:
            yield from _constants(field.message_type, (*way, field.name), (*within, message))


def _value(field: FieldDescriptor) -> Any:
    stated: str = field.GetOptions().Extensions[options_pb2.constant]
    return stated == "true" if field.type == FieldDescriptor.TYPE_BOOL else stated
