"""Fields of a request that its parsed message does not show: fields with two values, and fields with an empty value."""

import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from iotflow.contract import bindings, method_of

REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
VARIABLE = re.compile(r"\{(\w+)")
# Longer requests have fields with values, and their bytes are not kept.
LONGEST = 500
_content: ContextVar[bytes] = ContextVar("content", default=b"")


def path_fields(method: str) -> list[FieldDescriptor]:
    """The path fields of a method by its full name, such as /iotflow.v1.CommandService/SendCommand; empty without a REST path."""
    found = method_of(method)
    if found is None:
        return []
    names = {name for _, path in bindings(found) for name in VARIABLE.findall(path)}
    return [field for field in found.input_type.fields if field.name in names]


def conflict_finder(method: str) -> Callable[[bytes], str] | None:
    """A function from a request's bytes to the name of a field with two values, or ""; None: the method has no path fields.

    Envoy writes a field once from the body, where deviceId and device_id are equivalent, once from the query and
    once from the path. A parser keeps the last value only.
    """
    fields = path_fields(method)
    if not fields:
        return None
    read = _all_values(fields)

    def conflict(data: bytes) -> str:
        values = read(data)
        return next((field.name for field in fields if len(set(getattr(values, field.name))) > 1), "")

    return conflict


def _all_values(fields: Sequence[FieldDescriptor]) -> Callable[[bytes], Any]:
    """A parser of a message in which these fields are repeated, so that it keeps all their values."""
    file = descriptor_pb2.FileDescriptorProto(name="path_fields.proto", package="path", syntax="proto3")
    message = file.message_type.add(name="Fields")
    for field in fields:
        message.field.add(name=field.name, number=field.number, type=field.type, label=REPEATED)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    parse: Callable[[bytes], Any] = message_factory.GetMessageClass(
        pool.FindMessageTypeByName("path.Fields")
    ).FromString
    return parse


def keep(content: bytes) -> None:
    """Keep the bytes of the current request for has_empty_fields."""
    _content.set(content if len(content) <= LONGEST else b"")


def has_empty_fields(request: Message) -> bool:
    """Whether the current request has fields with an empty value: they are in its bytes, and not in the message."""
    return len(_content.get()) > request.ByteSize()
