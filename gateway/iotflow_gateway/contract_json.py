"""Messages of the contract as the JSON that REST shows."""

from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from iotflow.contract import is_json_number
from iotflow.readings import EXACT

Convert = Callable[[Any], Any]

_WIDE = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)


def message_json(message: Message) -> dict[str, Any]:
    """The fields by their names in the contract, with zeros; absent fields with presence are left out. The message has no maps and
    no bytes."""
    return {
        name: convert(getattr(message, name))
        for name, has_presence, convert in _fields(message.DESCRIPTOR)
        if not has_presence or message.HasField(name)
    }


def struct_json(struct: Struct) -> dict[str, Any]:
    """The content with whole numbers as integers: 30 is not written as 30.0."""
    return {name: _value_json(value) for name, value in struct.fields.items()}


def _value_json(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number: float = value.number_value
        return int(number) if number.is_integer() and abs(number) <= EXACT else number
    if kind == "struct_value":
        return struct_json(value.struct_value)
    if kind == "list_value":
        return [_value_json(inner) for inner in value.list_value.values]
    return None if kind in (None, "null_value") else getattr(value, kind)


_WELL_KNOWN: dict[str, Convert] = {
    "google.protobuf.Struct": struct_json,
    "google.protobuf.Value": _value_json,
    "google.protobuf.Timestamp": lambda timestamp: timestamp.ToJsonString(),
}


@cache
def _fields(message: Descriptor) -> tuple[tuple[str, bool, Convert], ...]:
    """Name, presence and conversion of each field."""
    return tuple((field.name, field.has_presence, _conversion(field)) for field in message.fields)


def _conversion(field: FieldDescriptor) -> Convert:
    convert = _conversion_of_one(field)
    return (lambda values: [convert(value) for value in values]) if field.is_repeated else convert


def _conversion_of_one(field: FieldDescriptor) -> Convert:
    if field.message_type is not None:
        return _WELL_KNOWN.get(field.message_type.full_name, message_json)
    # As protobuf does, because JavaScript has no such numbers.
    return str if field.cpp_type in _WIDE and not is_json_number(field) else _unchanged


def _unchanged(value: Any) -> Any:
    return value
