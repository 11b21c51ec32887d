"""JSON bodies of REST requests."""

from typing import Any

from iotflow.readings import InvalidReading, document
from iotflow.readings.document import BAD_JSON
from iotflow_server.errors import InvalidArgument


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
