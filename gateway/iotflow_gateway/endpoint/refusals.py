"""Reason codes of MQTT 5 for messages that are not stored."""

from iotflow_gateway.mqtt import Properties, ReasonCode
from iotflow_gateway.pipeline.message import Message, Rejected

# Characters of a reason string and of a field.
LONGEST = 500
# Reasons of rejections that have a reason code of their own. All others are IMPLEMENTATION_SPECIFIC_ERROR.
_CODES = {
    "NOT_YOUR_TOPIC": ReasonCode.NOT_AUTHORIZED,
    "NOT_YOUR_DEVICE": ReasonCode.NOT_AUTHORIZED,
    "KEY_REQUIRED": ReasonCode.NOT_AUTHORIZED,
    "WRONG_KEY": ReasonCode.NOT_AUTHORIZED,
    "DEVICE_NOT_FOUND": ReasonCode.NOT_AUTHORIZED,
    "UNKNOWN_TOPIC": ReasonCode.TOPIC_NAME_INVALID,
    "INVALID_PAYLOAD": ReasonCode.PAYLOAD_FORMAT_INVALID,
    "TOO_LARGE": ReasonCode.QUOTA_EXCEEDED,
    "INTERNAL": ReasonCode.UNSPECIFIED_ERROR,
}


def reason_of(message: Message) -> ReasonCode:
    """The reason code of a message whose processing is complete. A message of which a part is stored is a success."""
    if message.rejected is None or message.is_partly_stored:
        return ReasonCode.SUCCESS
    return _CODES.get(message.rejected.reason, ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR)


def explanation(rejected: Rejected) -> Properties:
    """The first rejection of a message, for people and for programs."""
    facts = [("reason", rejected.reason), ("retryable", str(rejected.retryable).lower())]
    if rejected.path:
        facts.append(("field", _text(rejected.path)))
    return {"reason_string": _text(rejected.message), "user_properties": facts}


def _text(content: str) -> str:
    """The content as a string of MQTT: without null characters and surrogates."""
    return content[:LONGEST].replace("\0", " ").encode(errors="replace").decode()
