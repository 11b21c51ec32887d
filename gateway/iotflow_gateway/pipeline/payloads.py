"""Payloads of messages: what they hold, and how much of it is taken at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

from iotflow.readings import InvalidReading, Reading
from iotflow.readings.decoding import MOST_READINGS
from iotflow_gateway.pipeline.json_readings import document, text_or_document
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import SIGNS_OF_LIFE, Kind

PROTOBUF = "application/x-protobuf"
# The server's largest message is twice that, unless set otherwise.
LONGEST = 8 * 2**20
# JSON of so many bytes and commas is read within a few milliseconds. More is read in a thread, while other devices are served.
AT_ONCE_BYTES, AT_ONCE_COMMAS = 16_384, 1_000
# Problems, readings and values that are passed on in a row before other devices have their turn.
MOST_PROBLEMS, MOST_ROWS, MOST_VALUES = 500, 1_000, 20_000

LONGEST_ID = 1_000


def checked(message: Message) -> Kind:
    """What it is. Raises Rejected where nothing such can be taken."""
    if message.address.kind is None:
        raise _misplaced(message)
    if len(message.payload) > LONGEST:
        raise Rejected("TOO_LARGE", f"a message has at most {LONGEST} bytes")
    return message.address.kind


def _misplaced(message: Message) -> Rejected:
    root = message.address.root
    if root and not message.address.keyed and not message.topic.startswith(f"{root}/"):
        return Rejected(
            "NOT_YOUR_TOPIC",
            f"{message.topic:.200} is no topic that you may publish to; with this login, yours begin with {root}/",
        )
    return Rejected("UNKNOWN_TOPIC", f"there is no topic {message.topic:.200} to publish to")


def is_protobuf(kind: Kind | None, message: Message) -> bool:
    """Whether it holds a TelemetryBatch, and no JSON."""
    return kind is Kind.BATCH or (kind is Kind.TELEMETRY and message.content_type == PROTOBUF)


def is_long(kind: Kind | None, message: Message) -> bool:
    """Whether reading it would keep others waiting."""
    payload = message.payload
    is_short = len(payload) <= AT_ONCE_BYTES and payload.count(b",") <= AT_ONCE_COMMAS
    return not (is_short or kind is None or is_protobuf(kind, message))


def divided(problems: Sequence[InvalidReading]) -> Iterator[Sequence[InvalidReading]]:
    """Some at a time."""
    return (problems[start : start + MOST_PROBLEMS] for start in range(0, len(problems), MOST_PROBLEMS))


def in_slices(readings: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    """Some at a time, in order."""
    start = values = 0
    for end, reading in enumerate(readings):
        if end > start and (end - start >= MOST_ROWS or values + len(reading.values) > MOST_VALUES):
            yield readings[start:end]
            start, values = end, 0
        values += len(reading.values)
    if readings:
        yield readings[start:]


def read_content(kind: Kind, message: Message) -> Any:
    """The JSON of a payload; a sign of life needs none, and may be any text. What is wrong with a registration is answered
    where its answers are heard."""
    if not message.payload and kind is not Kind.TELEMETRY:
        return {}
    may_be_text = kind in (*SIGNS_OF_LIFE, Kind.REGISTER)
    content = text_or_document(message.payload) if may_be_text else document(message.payload)
    if isinstance(content, list):
        if kind is Kind.TELEMETRY and len(content) <= MOST_READINGS:
            message.listed_ids = {place: said for place, item in enumerate(content) if (said := _message_id(item))}
    else:
        message.message_id = _message_id(content) or message.message_id
    return content


def _message_id(content: Any) -> str:
    said = content.get("message_id") if isinstance(content, dict) else None
    return str(said)[:LONGEST_ID] if isinstance(said, str | int) else ""


def api_key(message: Message, content: Any) -> str:
    """By which a message without a login says whose it is. Raises Rejected where it has none."""
    first = content[0] if isinstance(content, list) and content else content
    key = first.get("api_key") if isinstance(first, dict) else None
    if not key and message.shown and message.address.kind in SIGNS_OF_LIFE:
        # A last will is plain text, and of the same connection as the messages before.
        key = message.shown.api_key
    if not isinstance(key, str) or not key:
        raise Rejected(
            "KEY_REQUIRED", "without a login, a message holds the device's key as `api_key`", field="api_key"
        )
    return key
