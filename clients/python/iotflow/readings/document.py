"""Parses JSON payloads, and explains why one is not JSON."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

BAD_JSON = "BAD_JSON"
# Doubles hold every integer up to this one.
EXACT = 2**53
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
# Bounds the time that Python takes for an integer with very many digits.
MOST_DIGITS = 100


class InvalidReading(Exception):
    """A reading, or a value of it, cannot be stored.

    reason: a constant for programs. message: a sentence. field: the place in the reading or in the payload. measurement: of the
    value; empty where the whole reading is invalid. index: of the reading in its list; None where there is no list.
    """

    def __init__(
        self, reason: str, message: str, *, field: str = "", measurement: str = "", index: int | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.measurement = measurement
        self.index = index


def document(payload: bytes) -> Any:
    """Parse the payload. Raises InvalidReading (BAD_JSON).

    Integers beyond 64 bits become floats; exact_document keeps them.
    """
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        place = f", at line {error.lineno}, column {error.colno}" if error.pos else ""
        raise _not_json(payload, error.msg + place) from None


def exact_document(payload: bytes) -> Any:
    """Parse a payload that `document` accepts, keeping every integer exact."""
    try:
        return json.loads(payload, parse_int=_whole)
    except (ValueError, RecursionError):
        raise InvalidReading(BAD_JSON, "The body is nested too deeply.") from None


def _whole(digits: str) -> int:
    return int(digits[: MOST_DIGITS + 1])


def _not_json(payload: bytes, parser_message: str) -> InvalidReading:
    if not payload.strip():
        return InvalidReading(BAD_JSON, "The body is empty; send a JSON object.")
    if payload.startswith(GZIP):
        return InvalidReading(BAD_JSON, "The body is not JSON: it is compressed with gzip; send it uncompressed.")
    if payload.startswith(BYTE_ORDER_MARK):
        return InvalidReading(BAD_JSON, "The body is not JSON: it begins with a byte order mark; remove that.")
    if (b"NaN" in payload or b"Infinity" in payload) and (found := _bare_word(payload)):
        place, word = found
        return InvalidReading(BAD_JSON, f"{word} is not JSON; leave such a value out.", field=place)
    return InvalidReading(BAD_JSON, f"The body is not JSON: {parser_message}.")


class _BareWord:
    """Marks the place of a NaN or an Infinity."""

    def __init__(self, word: str) -> None:
        self.word = word


def _bare_word(payload: bytes) -> tuple[str, str] | None:
    """The place of the first NaN or Infinity, which some libraries write although JSON has neither, and the word."""
    try:
        content = json.loads(payload, parse_constant=_BareWord, parse_int=_whole)
    except (ValueError, RecursionError):
        return None
    path: list[str] = []
    # One iterator per level. The place is composed only when a word is found; otherwise the cost would grow with the square
    # of the payload.
    levels = [_inside([content])]
    while levels:
        place, value = next(levels[-1], ("", None))
        if isinstance(value, _BareWord):
            return "".join([*path, place]).removeprefix("[0]").removeprefix("."), value.word
        if isinstance(value, dict | list):
            path.append(place)
            levels.append(_inside(value))
        elif not place:
            levels.pop()
            path = path[:-1]
    return None


def _inside(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """Each inner value with its place."""
    if isinstance(value, dict):
        return ((f".{name:.200}", inner) for name, inner in value.items())
    return ((f"[{index}]", inner) for index, inner in enumerate(value))
