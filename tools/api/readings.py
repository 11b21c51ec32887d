"""Schemas of JSON readings of REST and MQTT: nested as in the contract, or flat."""

from iotflow.readings.decoding import ENVELOPE, MOST_READINGS, TIME_KEYS
from tools.api.rules import Schema
from tools.api.schemas import component

_TIME: Schema = {
    "type": ["string", "number", "null"],
    "description": "RFC 3339 (without an offset: UTC), or seconds (10 digits) or milliseconds (13) since 1970. "
    "Absent, null, empty or fewer than 10 digits: the time of arrival.",
}
_WHOLE = ("data", "readings")
# The schemas of these fields in bodies that the server parses itself.
FIELDS: dict[str, Schema] = {
    "Reading.timestamp": _TIME,
    "SubmitTelemetryRequest.timestamp": _TIME,
    "SubmitReadingsRequest.readings": {"items": {"anyOf": [component("Reading"), component("FlatReading")]}},
}
SCHEMAS: dict[str, Schema] = {
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


def accepted(message: str, schema: Schema) -> Schema:
    """A message's schema with the shapes that are accepted instead of it."""
    return {"anyOf": [schema, component(_OTHERS[message])]} if message in _OTHERS else schema
