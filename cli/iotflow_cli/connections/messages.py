"""Messages of the contract as plain data, with numbers as numbers, and objects in a fixed order."""

from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_WIDE = {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}
_FREE = {"google.protobuf.Struct", "google.protobuf.Value"}


def as_data(message: Message) -> dict[str, Any]:
    """The fields of a message by their names in the contract, zeros included. Times are RFC 3339. Absent messages are absent."""
    data: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    _restore_numbers(data, message.DESCRIPTOR)
    return data


def as_value(value: Any) -> Any:
    """A value of a google.protobuf.Struct, whose keys have no order, and whose numbers are all of floating point."""
    if isinstance(value, dict):
        return {key: as_value(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [as_value(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _restore_numbers(data: dict[str, Any], descriptor: Any) -> None:
    """protobuf writes 64-bit numbers as texts, for JavaScript. Python's JSON has them all."""
    for field in descriptor.fields:
        value = data.get(field.name)
        if value is None:
            continue
        if field.message_type and field.message_type.full_name in _FREE:
            data[field.name] = as_value(value)
        elif field.cpp_type in _WIDE:
            data[field.name] = [int(each) for each in value] if field.is_repeated else int(value)
        elif field.message_type and field.message_type.file.package == descriptor.file.package:
            for each in value if field.is_repeated else [value]:
                if isinstance(each, dict):
                    _restore_numbers(each, field.message_type)
