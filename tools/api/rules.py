"""Translates the rules of buf.validate to JSON Schema."""

from typing import Any

import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from iotflow.contract import word
from iotflow.v1 import options_pb2, words_pb2

Schema = dict[str, Any]

_NUMBER = {
    "const": "const",
    "gt": "exclusiveMinimum",
    "gte": "minimum",
    "in": "enum",
    "lt": "exclusiveMaximum",
    "lte": "maximum",
}
# By the kind of the rules, then by the rule.
KEYWORDS: dict[str, dict[str, str]] = {
    "string": {
        "const": "const",
        "in": "enum",
        "max_len": "maxLength",
        "min_len": "minLength",
        "pattern": "pattern",
    },
    **dict.fromkeys(("double", "float", "int32", "int64", "uint32", "uint64"), _NUMBER),
    "repeated": {"max_items": "maxItems", "min_items": "minItems", "unique": "uniqueItems"},
    "map": {"max_pairs": "maxProperties", "min_pairs": "minProperties"},
}
# Rules of texts that are formats of JSON Schema.
FORMATS = {"uuid": "uuid"}
# Rules whose value is itself a set of rules.
NESTED = {("repeated", "items"): "items", ("map", "keys"): "propertyNames", ("map", "values"): "additionalProperties"}


def keywords(field: FieldDescriptor) -> Schema:
    """The keywords for a field's rules, or for its only value."""
    return _of(_rules(field, "field")) | _constant(field)


def sentences(field: FieldDescriptor) -> list[str]:
    """Sentences for the words of a closed set and for the rules without a keyword."""
    return [*_words(field), *(_sentence(rule.message) for rule in _rules(field, "field").cel)]


def message_sentences(message: Descriptor) -> list[str]:
    """Rules about several fields of a message."""
    return [_sentence(rule.message) for rule in _rules(message, "message").cel]


def required(message: Descriptor) -> list[str]:
    """The required fields: those for which an empty message is rejected."""
    empty: Message = GetMessageClass(message)()
    places = (violation.proto.field for violation in protovalidate.collect_violations(empty))
    found = {place.elements[0].field_name for place in places if place}
    return [field.name for field in message.fields if field.name in found]


def _rules(described: Descriptor | FieldDescriptor, extension: str) -> Any:
    """The rules of a field or message. The stubs contain only their bytes; `load` has declared their types."""
    options = described.GetOptions()
    read: Any = type(options).FromString(options.SerializeToString())
    return read.Extensions[Default().FindExtensionByName(f"buf.validate.{extension}")]


def _words(field: FieldDescriptor) -> list[str]:
    name = field.GetOptions().Extensions[options_pb2.words]
    if not name or "enum" in keywords(field):
        return []
    values = words_pb2.DESCRIPTOR.enum_types_by_name[name].values
    return [f"One of {', '.join(f'`{word(value)}`' for value in values if value.number)}."]


def _constant(field: FieldDescriptor) -> Schema:
    stated: str = field.GetOptions().Extensions[options_pb2.constant]
    is_bool = field.type == FieldDescriptor.TYPE_BOOL
    return {"const": stated == "true" if is_bool else stated} if stated else {}


def _of(rules: Any) -> Schema:
    kind: str = rules.WhichOneof("type") or ""
    schema: Schema = {}
    for rule, value in getattr(rules, kind).ListFields() if kind else ():
        if (kind, rule.name) in NESTED:
            schema[NESTED[kind, rule.name]] = _of(value)
            continue
        if kind == "string" and rule.name in FORMATS:
            schema["format"] = FORMATS[rule.name]
            continue
        if rule.name not in KEYWORDS.get(kind, {}):
            raise LookupError(f"tools/api/rules.py has no JSON Schema keyword for buf.validate's {kind}.{rule.name}.")
        schema[KEYWORDS[kind][rule.name]] = list(value) if rule.is_repeated else value
    return schema


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
