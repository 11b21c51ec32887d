"""Errors: their schema, their HTTP statuses, and their descriptions in the contract."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.api.rules import Schema
from tools.api.schemas import component

_TYPE = "type.googleapis.com/google.rpc."
# The HTTP status into which Envoy translates a gRPC status.
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
RESPONSES = {
    int(status): response for status, response in tomllib.loads(Path(__file__).with_suffix(".toml").read_text()).items()
}
_ALWAYS, _WITH_BODY, _WITH_CREDENTIAL, _RETRYABLE = (
    {400, 429, 500, 503, 504},
    {408, 413, 415},
    {401, 403},
    {408, 429, 503, 504},
)
_STATED = re.compile(
    rf"\b({'|'.join(HTTP_STATUS)})(?: \(([A-Z_, ]+)\))?: (.*?)(?= [A-Z]+_[A-Z_]+(?: \([A-Z_, ]+\))?: |\n|$)"
)


def statuses(*, has_body: bool, needs_credential: bool, names_something: bool) -> set[int]:
    """The error statuses of every operation of this kind."""
    kinds = ((has_body, _WITH_BODY), (needs_credential, _WITH_CREDENTIAL), (names_something, {404}))
    return _ALWAYS.union(*(found for applies, found in kinds if applies))


def stated(comment: str) -> Iterator[tuple[int, str]]:
    """The errors in a method's comment, written as `CODE (REASON): when.`"""
    for code, reason, text in _STATED.findall(comment):
        yield HTTP_STATUS[code], f"{f'`{reason}`: ' if reason else ''}{text[:1].upper()}{text[1:]}"


def response(status: int, own: list[str]) -> Schema:
    """An operation's response for a status. own: descriptions from its comment."""
    common = RESPONSES[status]
    if not own:
        return {"$ref": f"#/components/responses/{common['name']}"}
    return {"description": "\n\n".join((*own, f"In general: {common['meaning']}")), "content": _content(status)}


def responses() -> dict[str, Schema]:
    """The responses that operations refer to."""
    return {
        common["name"]: {"description": common["meaning"], **_headers(status), "content": _content(status)}
        for status, common in RESPONSES.items()
    }


def schemas() -> dict[str, Schema]:
    """google.rpc.Status and its details."""
    text = {"type": "string"}
    violation = {
        "type": "object",
        "properties": {"field": text, "description": text},
        "required": ["field", "description"],
    }
    metadata = {
        "type": "object",
        "description": "`retryable` states whether the same request may succeed later, `field` which field is at fault.",
        "properties": {"retryable": {"enum": ["true", "false"]}},
        "required": ["retryable"],
        "additionalProperties": text,
    }
    return {
        "Status": _status(),
        "ErrorInfo": _detail(
            "ErrorInfo", "Always present.", reason=text, domain={"const": "iotflow"}, metadata=metadata
        ),
        "BadRequest": _detail(
            "BadRequest", "Where fields are at fault.", field_violations={"type": "array", "items": violation}
        ),
        "RetryInfo": _detail("RetryInfo", "Where the request may be sent again.", retry_delay=text),
    }


def _status() -> Schema:
    details = [component(name) for name in ("ErrorInfo", "BadRequest", "RetryInfo")]
    return {
        "type": "object",
        "description": "google.rpc.Status: the shape of every refusal, of the server and of Envoy.",
        "properties": {
            "code": {"type": "integer", "format": "int32", "description": "The gRPC status code."},
            "message": {"type": "string", "description": "A sentence for people."},
            "details": {"type": "array", "items": {"anyOf": details}},
        },
        "required": ["code", "message", "details"],
    }


def _detail(name: str, description: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {"@type": {"const": _TYPE + name}, **properties},
        "required": ["@type", *properties],
    }


def _headers(status: int) -> Schema:
    if status != 503:
        return {}
    return {"headers": {"retry-after": {"description": "Seconds to wait.", "schema": {"type": "string"}}}}


def _content(status: int) -> Schema:
    common = RESPONSES[status]
    metadata = {"retryable": "true" if status in _RETRYABLE else "false"}
    info = {"@type": f"{_TYPE}ErrorInfo", "reason": common["reason"], "domain": "iotflow", "metadata": metadata}
    example = {"code": common["code"], "message": common["text"], "details": [info]}
    return {"application/json": {"schema": component("Status"), "example": example}}
