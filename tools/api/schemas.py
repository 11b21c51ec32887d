"""JSON Schemas of messages as Envoy reads and writes them, and of JSON readings, which may be flat."""

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from iotflow.contract import is_json_number
from iotflow.readings.decoding import ENVELOPE, MOST_READINGS, TIME_KEYS
from tools.api import rules
from tools.api.contract import Contract, short_name
from tools.api.rules import Schema

SCALARS: dict[int, Schema] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "format": "uint32"},
    # Written as texts, because a double, as which JSON numbers are read, does not hold all of them.
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64"},
    FieldDescriptor.TYPE_UINT64: {"type": "string", "format": "uint64"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
}
NUMBER: Schema = {"type": "integer", "format": "int64"}
WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Value": {},
}


def component(name: str) -> Schema:
    """A reference to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


_TIME: Schema = {
    "type": ["string", "number", "null"],
    "description": "RFC 3339 (without an offset: UTC), or seconds (10 digits) or milliseconds (13) since 1970. "
    "Absent, null, empty or fewer than 10 digits: the time of arrival.",
}
_WHOLE = ("data", "readings")
# The schemas of these fields in bodies that the server parses itself.
READING_FIELDS: dict[str, Schema] = {
    "Reading.timestamp": _TIME,
    "SubmitTelemetryRequest.timestamp": _TIME,
    "SubmitReadingsRequest.readings": {"items": {"anyOf": [component("Reading"), component("FlatReading")]}},
}
READING_SCHEMAS: dict[str, Schema] = {
    "FlatReading": {
        "type": "object",
        "description": "A reading whose measurements stand beside the keys of the envelope.",
        "properties": {name: _TIME if name in TIME_KEYS else {} for name in sorted(ENVELOPE.difference(_WHOLE))},
        "not": {"anyOf": [{"required": [name]} for name in _WHOLE]},
        "additionalProperties": {"type": ["number", "string", "boolean", "null"]},
    },
    "ReadingList": {
        "type": "array",
        "items": {"anyOf": [component("Reading"), component("FlatReading")]},
        "minItems": 1,
        "maxItems": MOST_READINGS,
    },
}
# Shapes that are accepted instead of a message.
_OTHERS = {"SubmitTelemetryRequest": "FlatReading", "SubmitReadingsRequest": "ReadingList"}


class Schemas:
    """Collects the schemas of referenced messages.

    printed: full names of the messages that occur in answers only; their fields without presence are always written.
    own: schemas of fields, by message and field, that are more precise than the type.
    """

    def __init__(self, contract: Contract, printed: Iterable[str] = (), own: dict[str, Schema] | None = None) -> None:
        self._contract = contract
        self._printed = frozenset(printed)
        self._own = own or {}
        self.components: dict[str, Schema] = {}

    def reference(self, message: Descriptor, without: tuple[str, ...] = ()) -> Schema:
        """A reference to a message's schema. without: fields in the path."""
        left_out = [name for name in without if name in message.fields_by_name]
        name = f"{message.name.removesuffix('Request')}Body" if left_out else message.name
        if name not in self.components:
            self.components[name] = {}
            self.components[name] = self.object(message, left_out)
        return component(name)

    def object(self, message: Descriptor, without: Iterable[str] = ()) -> Schema:
        """A message's own schema."""
        fields = [field for field in message.fields if field.name not in without]
        needed = _printed(fields) if message.full_name in self._printed else rules.required(message)
        needed = [name for name in needed if name not in without]
        return {
            "type": "object",
            **_described(self._contract.comment(message.full_name), rules.message_sentences(message)),
            "properties": {field.name: self.field(field) for field in fields},
            **({"required": needed} if needed else {}),
        }

    def field(self, field: FieldDescriptor) -> Schema:
        """A field's schema with its rules and its comment."""
        described = _described(self._contract.comment(field.full_name), rules.sentences(field))
        own = self._own.get(short_name(field), {})
        return {**_merged(self._shape(field), rules.keywords(field)), **own, **described}

    def _shape(self, field: FieldDescriptor) -> Schema:
        if not field.is_repeated:
            return self._single(field)
        if field.message_type and field.message_type.GetOptions().map_entry:
            return {"type": "object", "additionalProperties": self._single(field.message_type.fields_by_name["value"])}
        return {"type": "array", "items": self._single(field)}

    def _single(self, field: FieldDescriptor) -> Schema:
        if field.enum_type:
            return {"type": "string", "enum": [value.name for value in field.enum_type.values]}
        if not field.message_type:
            return dict(NUMBER if self._is_number(field) else SCALARS[field.type])
        known = WELL_KNOWN.get(field.message_type.full_name)
        return self.reference(field.message_type) if known is None else dict(known)

    def _is_number(self, field: FieldDescriptor) -> bool:
        """Whether a 64-bit field is a JSON number: requests are read so, answers are printed so where the contract says it."""
        is_wide = field.type in (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64)
        holder = field.containing_type.full_name if field.containing_type else ""
        return is_wide and (is_json_number(field) or holder not in self._printed)


def reachable(messages: Iterable[Descriptor]) -> set[str]:
    """Full names of these messages and of all messages within them."""
    found: set[str] = set()
    waiting = list(messages)
    while waiting:
        message = waiting.pop()
        if message.full_name not in found:
            found.add(message.full_name)
            waiting += _inner_messages(message)
    return found


def _inner_messages(message: Descriptor) -> Iterator[Descriptor]:
    return (field.message_type for field in message.fields if field.message_type)


def _printed(fields: Iterable[FieldDescriptor]) -> list[str]:
    return [field.name for field in fields if field.is_repeated or not field.has_presence]


def _merged(shape: Schema, keywords: Schema) -> Schema:
    """The shape with the keywords; nested schemas that both have are merged."""
    inner = {name: {**shape[name], **keywords[name]} for name in shape.keys() & keywords.keys()}
    return {**shape, **keywords, **inner}


def _described(comment: str, others: list[str]) -> Schema:
    text = "\n\n".join((*([comment] if comment else ()), *others))
    return {"description": text} if text else {}


def accepted(message: str, schema: Schema) -> Schema:
    """A message's schema with the shapes that are accepted instead of it."""
    return {"anyOf": [schema, component(_OTHERS[message])]} if message in _OTHERS else schema
