"""JSON on its way into the database."""

import json
from typing import Any

from iotflow_server.errors import InvalidArgument

# Of a configuration, desired or reported: it travels as a whole, and whoever asks for the device gets it too.
MOST_CONFIGURATION_BYTES = 262_144


def to_json(document: Any) -> str:
    """Raises InvalidArgument for what JSON does not have, such as NaN: PostgreSQL refuses it, SQLite would keep it."""
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise unstorable() from error


def check_size(field: str, document: Any, most: int) -> None:
    """Raise InvalidArgument where the document takes more bytes than that as JSON."""
    size = len(to_json(document).encode())
    if size > most:
        raise InvalidArgument(field, f"takes {size} bytes as JSON; at most {most} are kept")


def unstorable() -> InvalidArgument:
    return InvalidArgument("", "A value cannot be stored, such as a NUL character or a number that is not finite.")
