"""JSON bodies of REST requests that the server parses itself.

Bodies of requests that create credentials are parsed strictly: unknown fields are rejected, because a misspelt field would change
the credential without notice.
"""

import json
from typing import Any, TypeVar

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from iotflow.readings import InvalidReading, document
from iotflow.readings.document import BAD_JSON
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check

Request = TypeVar("Request", bound=Message)
NAME_EXCERPT = 100
# Requests that create credentials are short. They are parsed on the event loop.
MOST_BODY_BYTES = 65_536


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a body that must be a JSON object. Raises InvalidArgument (BAD_JSON)."""
    content = json_document(body)
    if not isinstance(content, dict):
        raise InvalidArgument("", "The body must be a JSON object.", BAD_JSON)
    return content


def json_document(body: bytes) -> Any:
    """Parse a body of any JSON type. Raises InvalidArgument (BAD_JSON)."""
    try:
        return document(body)
    except InvalidReading as problem:
        raise InvalidArgument(problem.field, problem.message, problem.reason) from None


def fill(request: Request, body: HttpBody) -> Request:
    """Set the fields of the body in the request, and validate the request by the rules of the contract. The body may be empty.

    Raises InvalidArgument.
    """
    given = {field.name: value for field, value in request.ListFields()}
    seen: set[str] = set()
    for name, value in _members(body.data):
        field = _field(request, name)
        if field in seen:
            raise InvalidArgument(field, "The field occurs more than once in the body.", "AMBIGUOUS_FIELD")
        seen.add(field)
        _set(request, field, value)
        if field in given and getattr(request, field) != given[field]:
            raise InvalidArgument(field, "The value in the body differs from the value in the path.")
    check(request)
    return request


class _Members(list[tuple[str, Any]]):
    """The members of an object, in their order. A dictionary would keep only the last member of each name."""


def _members(data: bytes) -> _Members:
    if len(data) > MOST_BODY_BYTES:
        raise InvalidArgument("", f"The body is larger than {MOST_BODY_BYTES} bytes.")
    if not data.strip():
        return _Members()
    # Raises the same errors as for other bodies.
    json_object(data)
    try:
        members: _Members = json.loads(data, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        raise InvalidArgument("", "The body is nested too deeply, or a number in it is too long.", BAD_JSON) from None
    return members


def _field(request: Message, name: str) -> str:
    """The name of the field in the contract. The name may be given in snake_case or in lowerCamelCase."""
    fields = request.DESCRIPTOR.fields
    found = next((field.name for field in fields if name in (field.name, field.json_name)), None)
    if found is None:
        known = ", ".join(field.name for field in fields)
        fields_of_request = f"The fields of this request are {known}." if known else "This request has no fields."
        raise InvalidArgument(name[:NAME_EXCERPT], f"The field is unknown. {fields_of_request}", "UNKNOWN_FIELD")
    return found


def _set(request: Message, field: str, value: Any) -> None:
    try:
        ParseDict({field: value}, request)
    except ParseError:
        raise InvalidArgument(field, "The value has the wrong type.") from None


def reject_unknown(request: Message) -> None:
    """Raise InvalidArgument if a gRPC client sent a field that this version does not define."""
    unknown = UnknownFieldSet(request)
    if len(unknown):
        number = unknown[0].field_number
        raise InvalidArgument(str(number), "This version of the server has no field with this number.", "UNKNOWN_FIELD")
