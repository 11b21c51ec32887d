"""What the service publishes on a device's topic `…/errors`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

# Notices of readings that are stored.
_NOTICES = ("TIME_IGNORED", "READINGS_MERGED")


class RefusedMessage(NamedTuple):
    """number: in the ledger; None: the service could not read it. measurement: the only value that was refused; empty: all."""

    number: int | None
    reason: str
    measurement: str
    message: str


def refused_message(content: Mapping[str, Any]) -> RefusedMessage | None:
    """The refusal of a reading; None for what concerns no reading, or one that is stored."""
    reason = content["reason"]
    if reason in _NOTICES or not content.get("topic", "").endswith("/telemetry"):
        return None
    return RefusedMessage(_number(content), reason, _measurement(content.get("field") or ""), content["message"])


def _measurement(field: str) -> str:
    _, _, measurement = field.partition(".data.")
    return measurement or (field.removeprefix("data.") if "data." in field else "")


def _number(content: Mapping[str, Any]) -> int | None:
    """The number that an error returns: of MQTT 5 as correlation data, of 3.1.1 in the payload."""
    correlation = content.get("correlation")
    text = bytes.fromhex(correlation).decode() if correlation else content.get("message_id") or ""
    return int(text) if text.isdecimal() else None
