"""JSON on its way into the database."""

import json
from typing import Any

from iotflow_server.errors import InvalidArgument


def to_json(document: Any) -> str:
    """Raises InvalidArgument for what JSON does not have, such as NaN: PostgreSQL refuses it, SQLite would keep it."""
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise unstorable() from error


def unstorable() -> InvalidArgument:
    return InvalidArgument("", "A value cannot be stored, such as a NUL character or a number that is not finite.")
