"""What the service publishes on a device's topic `…/errors`."""

from typing import Any, NamedTuple

from iotflow_simulators.doors.documents import value_of

# Notices of readings that are stored.
_NOTICES = ("TIME_IGNORED", "READINGS_MERGED")


class RefusedMessage(NamedTuple):
    """number: in the ledger; None: the service could not read it. measurement: the only value that was refused; empty: all."""

    number: int | None
    reason: str
    measurement: str
    message: str


def refused_message(content: Any) -> RefusedMessage | None:
    """The refusal of a reading; None for what concerns no reading, or one that is stored. Raises ValueError."""
    reason, message = value_of(content, "reason", str), value_of(content, "message", str, "")
    if reason in _NOTICES or not value_of(content, "topic", str, "").endswith("/telemetry"):
        return None
    return RefusedMessage(_number(content), reason, _measurement(value_of(content, "field", str, "")), message)


def _measurement(field: str) -> str:
    _, _, measurement = field.partition(".data.")
    return measurement or (field.removeprefix("data.") if "data." in field else "")


def _number(content: Any) -> int | None:
    """The number that an error returns: of MQTT 5 as correlation data, of 3.1.1 in the payload."""
    correlation = value_of(content, "correlation", str, "")
    text = bytes.fromhex(correlation).decode() if correlation else value_of(content, "message_id", str, "")
    return int(text) if text.isdecimal() else None
