"""Conversion of JSON documents for the database, and their size limit."""

import json
from typing import Any

from iotflow_server.errors import InvalidArgument

# The limit of a desired or reported configuration, which is sent as a whole, also with its device.
MOST_CONFIGURATION_BYTES = 262_144


def to_json(document: Any) -> str:
    """The document as JSON. Raises InvalidArgument for values outside JSON, such as NaN, which SQLite would store."""
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise unstorable() from error


def check_size(field: str, document: Any, most: int) -> None:
    """Raise InvalidArgument if the document is larger than `most` bytes of JSON."""
    size = len(to_json(document).encode())
    if size > most:
        raise InvalidArgument(field, f"takes {size} bytes as JSON; at most {most} are kept")


def unstorable() -> InvalidArgument:
    return InvalidArgument(
        "", "The request has a value that cannot be stored, such as a NUL character or a number that is not finite."
    )
