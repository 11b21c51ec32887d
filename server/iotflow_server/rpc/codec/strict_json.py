"""Requests of which every field counts: where credentials are made, a misspelt one must not be left out in silence."""

import json
from typing import Any, TypeVar

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from iotflow.readings.document import BAD_JSON
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check
from iotflow_server.rpc.telemetry.submissions import json_object

Request = TypeVar("Request", bound=Message)
SHOWN = 100
# These requests are short, and are read on the event loop.
MOST_BODY_BYTES = 65_536


def fill(request: Request, body: HttpBody) -> Request:
    """The request with the fields of the body, checked as the contract says. An empty body has none. Raises InvalidArgument."""
    given = {field.name: value for field, value in request.ListFields()}
    seen: set[str] = set()
    for name, value in _members(body.data):
        field = _field(request, name)
        if field in seen:
            raise InvalidArgument(field, "stands more than once in the body", "AMBIGUOUS_FIELD")
        seen.add(field)
        _set(request, field, value)
        if field in given and getattr(request, field) != given[field]:
            raise InvalidArgument(field, "is another than in the path")
    check(request)
    return request


class _Members(list[tuple[str, Any]]):
    """Of an object, as they stand there: a dictionary would have the last one of each name only."""


def _members(data: bytes) -> _Members:
    if len(data) > MOST_BODY_BYTES:
        raise InvalidArgument("", f"The body is larger than {MOST_BODY_BYTES} bytes.")
    if not data.strip():
        return _Members()
    # Says what is wrong as for every other body.
    json_object(data)
    try:
        members: _Members = json.loads(data, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        raise InvalidArgument("", "The body is nested too deeply, or a number in it is too long.", BAD_JSON) from None
    return members


def _field(request: Message, name: str) -> str:
    """As the contract writes it; both spellings of JSON are understood."""
    fields = request.DESCRIPTOR.fields
    found = next((field.name for field in fields if name in (field.name, field.json_name)), None)
    if found is None:
        known = ", ".join(field.name for field in fields)
        there = f"the fields of this request are {known}" if known else "this request has no fields"
        raise InvalidArgument(name[:SHOWN], f"There is no such field; {there}.", "UNKNOWN_FIELD")
    return found


def _set(request: Message, field: str, value: Any) -> None:
    try:
        ParseDict({field: value}, request)
    except ParseError:
        raise InvalidArgument(field, "the value has the wrong type") from None


def refuse_unknown(request: Message) -> None:
    """Raise InvalidArgument where a caller of gRPC sent a field that this server does not know."""
    unknown = UnknownFieldSet(request)
    if len(unknown):
        number = unknown[0].field_number
        raise InvalidArgument(str(number), "This server knows no field of this number.", "UNKNOWN_FIELD")
