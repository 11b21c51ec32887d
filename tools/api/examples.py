"""Example values of messages, from the values of their fields in details.toml."""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from iotflow.contract import is_json_number
from tools.api import rules
from tools.api.contract import Details, short_name

_TIMESTAMP, _ANY_JSON = "google.protobuf.Timestamp", ("google.protobuf.Struct", "google.protobuf.Value")
_TIME = "2026-01-31T12:00:00Z"
_TEXT, _NUMBER = "text", 1
_TEXTUAL = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)


class Examples:
    """Examples that the schemas and the rules of the contract accept."""

    def __init__(self, details: Details) -> None:
        self._values = details.values
        self._omitted = details.omitted

    def message(self, message: Descriptor, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """An example of a message, with the first field of each oneof."""
        left_out = {*without, *self._omitted.get(message.name, ())}
        for oneof in message.oneofs:
            left_out.update(field.name for field in oneof.fields[1:])
        return {field.name: self.field(field) for field in message.fields if field.name not in left_out}

    def field(self, field: FieldDescriptor) -> Any:
        """An example of a field's value."""
        own = short_name(field)
        if own in self._values:
            return self._values[own]
        if field.is_repeated:
            return self._many(field)
        return self._single(field)

    def _many(self, field: FieldDescriptor) -> Any:
        named = self._values.get(field.name)
        if isinstance(named, list):
            return named
        if not (field.message_type and field.message_type.GetOptions().map_entry):
            return [self._single(field)]
        return {_TEXT: self._single(field.message_type.fields_by_name["value"])}

    def _single(self, field: FieldDescriptor) -> Any:
        keywords = rules.keywords(field)
        if "const" in keywords:
            return keywords["const"]
        if field.message_type:
            return self._of_message(field.name, field.message_type)
        if field.name in self._values and field.type == FieldDescriptor.TYPE_STRING:
            return _allowed(field, str(self._values[field.name]))
        named = self._values.get(field.name)
        return named if isinstance(named, int | float) else _by_type(field)

    def _of_message(self, name: str, message: Descriptor) -> Any:
        if message.full_name == _TIMESTAMP:
            return _TIME
        return self._values.get(name, {}) if message.full_name in _ANY_JSON else self.message(message)


def _by_type(field: FieldDescriptor) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_BOOL:
            return True
        case FieldDescriptor.CPPTYPE_STRING:
            return "" if field.type == FieldDescriptor.TYPE_BYTES else _allowed(field, _TEXT)
        case cpp_type if cpp_type in _TEXTUAL:
            return _NUMBER if is_json_number(field) else str(_NUMBER)
    return max(_NUMBER, rules.keywords(field).get("minimum", _NUMBER))


def _allowed(field: FieldDescriptor, text: str) -> str:
    """The text, or the first word that the field allows."""
    words: list[str] = rules.keywords(field).get("enum", [text])
    return text if text in words else next(word for word in words if word)
