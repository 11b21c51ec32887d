"""Expected JSON: literal values, and these shapes for values that a test cannot know."""

import re
from collections.abc import Callable
from typing import Any


class Like:
    """Equal to every value that satisfies the condition."""

    def __init__(self, name: str, fits: Callable[[Any], bool]) -> None:
        self._name = name
        self._fits = fits

    def __eq__(self, other: object) -> bool:
        return self._fits(other)

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f"<{self._name}>"


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TIME = Like(
    "RFC 3339 in UTC",
    lambda value: isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", value)),
)
WHOLE = Like("whole number", is_whole)
NUMBER = Like("number", lambda value: is_whole(value) or isinstance(value, float))
TEXT = Like("text that says something", lambda value: isinstance(value, str) and bool(value))
STRING = Like("string", lambda value: isinstance(value, str))
BOOLEAN = Like("boolean", lambda value: isinstance(value, bool))
KEY = Like("key", lambda value: isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9]{32}", value)))
LIST = Like("list", lambda value: isinstance(value, list))

CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 8, 429: 8, 501: 12, 503: 14}
# Texts that no response may contain.
LEAKS = re.compile(r"Traceback|sqlite|sqlalchemy|psycopg|\.py\b|Exception|<class", re.IGNORECASE)


def refusal(status: int, reason: str, *fields: str, retryable: bool = False, code: int | None = None) -> dict[str, Any]:
    """A google.rpc.Status with ErrorInfo, and with BadRequest if it names fields."""
    metadata = {"retryable": str(retryable).lower()}
    details: list[dict[str, Any]] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "iotflow",
            "metadata": metadata,
        }
    ]
    if fields:
        violations = [{"field": field, "description": TEXT} for field in fields]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "field_violations": violations})
    return {"code": code or CODES[status], "message": TEXT, "details": details}


def without_noise(answer: Any) -> Any:
    """Removes variants of equal meaning: protobuf's printer adds empty members, ErrorInfo repeats the first field."""
    for detail in answer.get("details", []) if isinstance(answer, dict) else []:
        for member in ("field", "limit_bytes"):
            detail.get("metadata", {}).pop(member, None)
        for violation in detail.get("field_violations", []):
            for member in ("reason", "localized_message"):
                if not violation.get(member):
                    violation.pop(member, None)
    return answer
