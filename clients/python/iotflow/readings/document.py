"""The bytes of a JSON payload, and what they hold."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from iotflow.readings.problem import InvalidReading

BAD_JSON = "BAD_JSON"
# Doubles hold every whole number up to here.
EXACT = 2**53
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
# No number of a device has more digits, and Python takes long over them.
MOST_DIGITS = 100


def document(payload: bytes) -> Any:
    """What the JSON holds.

    Raises InvalidReading (BAD_JSON). Whole numbers beyond 64 bits come as floats: see exact_document.
    """
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        place = f", at line {error.lineno}, column {error.colno}" if error.pos else ""
        raise _not_json(payload, error.msg + place) from None


def exact_document(payload: bytes) -> Any:
    """As document, of a payload that it has read, with every whole number as such."""
    try:
        return json.loads(payload, parse_int=_whole)
    except (ValueError, RecursionError):
        raise InvalidReading(BAD_JSON, "The body is nested too deeply.") from None


def _whole(digits: str) -> int:
    return int(digits[: MOST_DIGITS + 1])


def _not_json(payload: bytes, said: str) -> InvalidReading:
    if not payload.strip():
        return InvalidReading(BAD_JSON, "The body is empty; send a JSON object.")
    if payload.startswith(GZIP):
        return InvalidReading(BAD_JSON, "The body is not JSON: it is compressed with gzip; send it as it is.")
    if payload.startswith(BYTE_ORDER_MARK):
        return InvalidReading(BAD_JSON, "The body is not JSON: it begins with a byte order mark; leave that out.")
    if (b"NaN" in payload or b"Infinity" in payload) and (found := _no_number(payload)):
        place, word = found
        return InvalidReading(BAD_JSON, f"{word} is not JSON", field=place)
    return InvalidReading(BAD_JSON, f"The body is not JSON: {said}.")


class _NoNumber:
    """Stands where a NaN or an Infinity stood."""

    def __init__(self, word: str) -> None:
        self.word = word


def _no_number(payload: bytes) -> tuple[str, str] | None:
    """Where the first bare NaN or Infinity stands, which some libraries write though JSON has none, and the word."""
    try:
        content = json.loads(payload, parse_constant=_NoNumber, parse_int=_whole)
    except (ValueError, RecursionError):
        return None
    path: list[str] = []
    # One iterator a level: places are written only of what is found, or they would take the square of the payload.
    levels = [_inside([content])]
    while levels:
        place, value = next(levels[-1], ("", None))
        if isinstance(value, _NoNumber):
            return "".join([*path, place]).removeprefix("[0]").removeprefix("."), value.word
        if isinstance(value, dict | list):
            path.append(place)
            levels.append(_inside(value))
        elif not place:
            levels.pop()
            path = path[:-1]
    return None


def _inside(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """Places and values."""
    if isinstance(value, dict):
        return ((f".{name:.200}", inner) for name, inner in value.items())
    return ((f"[{index}]", inner) for index, inner in enumerate(value))
