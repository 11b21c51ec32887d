"""Decodes the payloads of messages, and limits the amount decoded at a time."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from google.protobuf.message import DecodeError

from iotflow.readings import Decoded, InvalidReading, Reading, decode
from iotflow.readings import document as document_of
from iotflow.readings.decoding import MOST_READINGS
from iotflow.readings.document import BAD_JSON
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.pipeline.message import Message, Rejected
from iotflow_gateway.topics import SIGNS_OF_LIFE, Kind

PROTOBUF = "application/x-protobuf"
# Half of the server's default limit on a message.
LONGEST = 8 * 2**20
# JSON of this size is decoded within a few milliseconds. Longer JSON is decoded in a thread, while other devices are served.
AT_ONCE_BYTES, AT_ONCE_COMMAS = 16_384, 1_000
# Readings and values that are queued in a row before other devices are served.
MOST_ROWS, MOST_VALUES = 1_000, 20_000
LONGEST_ID = 1_000


def checked_kind(message: Message) -> Kind:
    """The kind of a message. Raises Rejected if its topic or its size is not accepted."""
    if message.address.kind is None:
        raise _wrong_topic(message)
    if len(message.payload) > LONGEST:
        raise Rejected("TOO_LARGE", f"The payload has more than {LONGEST} bytes. Send several smaller messages.")
    return message.address.kind


def _wrong_topic(message: Message) -> Rejected:
    root = message.address.root
    if root and not message.address.keyed and not message.topic.startswith(f"{root}/"):
        return Rejected(
            "NOT_YOUR_TOPIC",
            f"This login may not publish to {message.topic:.200}. Publish to the device's own topics, below {root}/.",
        )
    return Rejected("UNKNOWN_TOPIC", f"Devices cannot publish to {message.topic:.200}. See the table of MQTT topics.")


def is_protobuf(kind: Kind | None, message: Message) -> bool:
    """Whether the payload is a TelemetryBatch, and not JSON."""
    return kind is Kind.BATCH or (kind is Kind.TELEMETRY and message.content_type == PROTOBUF)


def is_long(kind: Kind | None, message: Message) -> bool:
    """Whether decoding the payload would delay other devices."""
    payload = message.payload
    size = len(payload)
    is_short = size <= AT_ONCE_COMMAS or (size <= AT_ONCE_BYTES and payload.count(b",") <= AT_ONCE_COMMAS)
    return not (is_short or kind is None or is_protobuf(kind, message))


def slices(readings: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    """The readings in order, in parts within MOST_ROWS and MOST_VALUES."""
    start = values = 0
    for end, reading in enumerate(readings):
        if end > start and (end - start >= MOST_ROWS or values + len(reading.values) > MOST_VALUES):
            yield readings[start:end]
            start, values = end, 0
        values += len(reading.values)
    if readings:
        yield readings[start:]


def read_content(kind: Kind, message: Message) -> Any:
    """The JSON document of a payload. A status may be plain text. A registration may be any text, because its errors are answered on
    the response topic. Raises Rejected (INVALID_PAYLOAD)."""
    if not message.payload and kind is not Kind.TELEMETRY:
        return {}
    may_be_text = kind in (*SIGNS_OF_LIFE, Kind.REGISTER)
    content = text_or_document(message.payload) if may_be_text else document(message.payload)
    if isinstance(content, list):
        if kind is Kind.TELEMETRY and len(content) <= MOST_READINGS:
            message.item_ids = {place: found for place, item in enumerate(content) if (found := _message_id(item))}
    elif found := _message_id(content):
        message.message_id = found
    return content


def document(payload: bytes) -> Any:
    """The JSON document of a payload. Raises Rejected (INVALID_PAYLOAD)."""
    try:
        return document_of(payload)
    except InvalidReading as problem:
        raise rejected_reading(problem) from None


def text_or_document(payload: bytes) -> Any:
    """The JSON document of a payload, or its text if it is not JSON."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode(errors="replace")


def readings(payload: bytes, content: Any) -> Decoded:
    """The readings of a payload. content: its document. Raises Rejected if the document can hold no readings."""
    try:
        return decode(payload, content, time.time_ns() // 1_000_000)
    except InvalidReading as problem:
        raise rejected_reading(problem) from None


def rejected_reading(problem: InvalidReading, *, is_notice: bool = False) -> Rejected:
    """The rejection, or the notice, for a problem of a reading."""
    reason = "INVALID_PAYLOAD" if problem.reason == BAD_JSON else problem.reason
    return Rejected(reason, problem.message, field=problem.field, index=problem.index, is_notice=is_notice)


def device_batch(payload: bytes, device_id: int) -> TelemetryBatch:
    """The batch in a protobuf payload, as a batch of the publisher. Raises Rejected (INVALID_PAYLOAD, TOO_MANY_READINGS)."""
    try:
        decoded = TelemetryBatch.FromString(payload)
    except DecodeError:
        problem = "The payload is not a valid iotflow.v1.TelemetryBatch."
        raise Rejected("INVALID_PAYLOAD", problem) from None
    if decoded.device_ids:
        problem = "The field is for gateways. Leave it empty: all rows belong to the publishing device."
        raise Rejected("INVALID_PAYLOAD", problem, field="device_ids")
    if not decoded.timestamps:
        raise Rejected("INVALID_PAYLOAD", "The batch has no rows. Send at least one.", field="timestamps")
    if decoded.server_times and len(decoded.timestamps) > MOST_READINGS:
        # The server assigns their times one by one, which delays the batches behind.
        problem = f"A batch without times may have at most {MOST_READINGS} rows. Send smaller batches."
        raise Rejected("TOO_MANY_READINGS", problem, field="timestamps")
    decoded.device_id = device_id
    return decoded


def api_key(message: Message, content: Any) -> str:
    """The key by which a message without a login identifies its device. Raises Rejected if there is none."""
    first = content[0] if isinstance(content, list) and content else content
    key = first.get("api_key") if isinstance(first, dict) else None
    if not key and message.connection_key and message.address.kind in SIGNS_OF_LIFE:
        # A last will is plain text. It belongs to the device of the connection's earlier messages.
        key = message.connection_key.api_key
    if not isinstance(key, str) or not key:
        problem = "A message without a login must hold the device's key. Add it as `api_key`."
        raise Rejected("KEY_REQUIRED", problem, field="api_key")
    return key


def _message_id(content: Any) -> str:
    found = content.get("message_id") if isinstance(content, dict) else None
    return str(found)[:LONGEST_ID] if isinstance(found, str | int) else ""
