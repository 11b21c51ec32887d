"""Fields that stand in a method's REST path: whatever else a caller gives for one of them, and however it spells it, must agree."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor

from iotflow.contract import bindings

REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
VARIABLE = re.compile(r"\{(\w+)")


def path_fields(method: str) -> list[FieldDescriptor]:
    """Those of a method by its full name, such as /iotflow.v1.CommandService/SendCommand; none where it has no REST path."""
    try:
        found = descriptor_pool.Default().FindMethodByName(method.strip("/").replace("/", "."))
    except KeyError:
        return []
    names = {name for _, path in bindings(found) for name in VARIABLE.findall(path)}
    return [field for field in found.input_type.fields if field.name in names]


def conflict_finder(method: str) -> Callable[[bytes], str] | None:
    """Tells of a request's bytes which field they give two values for, or "".

    The gateway writes a field once from the body, where deviceId and device_id are the same, once from the query and once
    from the path; whoever parses them sees the last one only. None: no field of the method stands in a path.
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
    """Parses a message that has these fields as lists, and so every value that was written for them."""
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
