"""The messages of clients, and the errors that are sent to them."""

from dataclasses import dataclass
from typing import Any

from iotflow.errors import ServerError
from iotflow.readings import EXACT, InvalidReading, document
from iotflow_gateway.json_door.limits import LONGEST_ID

READINGS, COMMAND_RESULT, CONFIG_REPORT = "readings", "command_result", "config_report"
SUBSCRIBE, UNSUBSCRIBE, LOGIN = "subscribe", "unsubscribe", "login"
TYPES = (READINGS, COMMAND_RESULT, CONFIG_REPORT, SUBSCRIBE, UNSUBSCRIBE, LOGIN)

MessageId = str | int


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """A message. id: chosen by the client; empty only in a login. content: all of its fields. body: as it arrived."""

    type: str
    id: MessageId
    content: dict[str, Any]
    body: bytes


class InvalidMessage(Exception):
    """A message that cannot be processed. id: of the message, where it has a valid one."""

    def __init__(self, reason: str, message: str, *, field: str = "", id: MessageId | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.id = id

    @property
    def answer(self) -> dict[str, Any]:
        """The message of type `error`."""
        return _error(self.id, self.reason, self.message, self.field)


def parse(body: bytes) -> ClientMessage:
    """The message in a frame. Raises InvalidMessage."""
    try:
        content = document(body)
    except InvalidReading as problem:
        raise InvalidMessage(problem.reason, problem.message, field=problem.field) from None
    if not isinstance(content, dict):
        raise InvalidMessage("BAD_JSON", "The message must be a JSON object.")
    kind, shown = content.get("type"), content.get("id")
    message_id = shown if _is_id(shown) else None
    if kind not in TYPES:
        unknown = f"There is no type {kind!r:.60}. The types are {', '.join(TYPES)}."
        raise InvalidMessage("UNKNOWN_TYPE", unknown, field="type", id=message_id)
    if message_id is None and kind != LOGIN:
        missing = f"A message needs an id: a string of 1 to {LONGEST_ID} characters, or a whole number up to 2^53."
        raise InvalidMessage("INVALID_ARGUMENT", missing, field="id")
    return ClientMessage(kind, "" if message_id is None else message_id, content, body)


def error_answer(message_id: MessageId | None, error: ServerError) -> dict[str, Any]:
    """The message of type `error` for an error of the server."""
    answer = _error(message_id, error.reason or error.code.name, error.message, error.field, retryable=error.retryable)
    return answer if error.retry_after is None else {**answer, "retry_after": error.retry_after}


def _error(
    message_id: MessageId | None, reason: str, message: str, field: str, *, retryable: bool = False
) -> dict[str, Any]:
    answer = {"type": "error", "id": message_id, "reason": reason, "message": message, "retryable": retryable}
    return {**answer, "field": field} if field else answer


def _is_id(shown: object) -> bool:
    if isinstance(shown, str):
        return 1 <= len(shown) <= LONGEST_ID
    return isinstance(shown, int) and not isinstance(shown, bool) and abs(shown) <= EXACT
