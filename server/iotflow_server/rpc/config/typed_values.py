"""Converts a reported configuration value to its data type."""

import re
from typing import Any

import orjson

from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.wire_values import check_json, plain_number

FIELD = "config_value"
# Python converts longer numbers slowly.
_WHOLE = re.compile(r"\s*[-+]?[0-9]{1,40}\s*")
TRUE_WORDS, FALSE_WORDS = ("true", "1", "yes"), ("false", "0", "no", "")


def typed(content: Any, data_type: str) -> Any:
    """Convert the content to string, integer, float, boolean or json; empty: unchanged. Raises InvalidArgument."""
    match data_type:
        case "string":
            return content if isinstance(content, str) else orjson.dumps(content).decode()
        case "integer" | "float":
            return _number(content, whole=data_type == "integer")
        case "boolean":
            return _boolean(content)
        case "json":
            return _json(content)
    return content


def _number(content: Any, *, whole: bool) -> int | float:
    if whole and isinstance(content, str) and _WHOLE.fullmatch(content):
        content = int(content)
    if isinstance(content, int) and not isinstance(content, bool) and whole:
        check_json(FIELD, content)
        return content
    try:
        number = plain_number(float(content), FIELD)
    except (ValueError, TypeError):
        raise InvalidArgument(FIELD, f"{content!r} is not a number") from None
    if whole and number != round(number):
        raise InvalidArgument(FIELD, f"{content!r} is not a whole number")
    return int(number) if whole else number


def _boolean(content: Any) -> bool:
    word = str(content).lower()
    if word not in TRUE_WORDS + FALSE_WORDS:
        raise InvalidArgument(FIELD, f"{content!r} is not a boolean; write true or false")
    return word in TRUE_WORDS


def _json(content: Any) -> Any:
    if not isinstance(content, str):
        return content
    try:
        value = orjson.loads(content)
    except ValueError:
        raise InvalidArgument(FIELD, "is not valid JSON") from None
    check_json(FIELD, value)
    return value
