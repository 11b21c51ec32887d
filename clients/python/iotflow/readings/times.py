"""Parses times in readings, recordings and queries."""

import math
import re
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years 1 to 9999, the range of RFC 3339 and google.protobuf.Timestamp.
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
# Ten digits are seconds, thirteen are milliseconds. Fewer than ten are not a time but, for example, an uptime. Other numbers of
# digits can be dates such as 20240131120000.
SECONDS, MILLISECONDS = 10, 13
SHORTEST = 10 ** (SECONDS - 1)
_FIRST_MILLISECONDS, _AFTER_MILLISECONDS = 10 ** (MILLISECONDS - 1), 10**MILLISECONDS

_NUMBER = re.compile(r"-?([0-9]+)(?:\.[0-9]+)?")
_AGE = re.compile(r"(?:now)?\s*-\s*(\d{1,15})(ms|s|m|h|d|w)")
_SPACE_FOR_PLUS = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
_FRACTION = re.compile(r"\.(\d{3})\d+")
_WRITE = (
    "write RFC 3339 such as 2026-01-31T12:00:00Z, 10 digits of seconds or 13 of milliseconds since 1970, now, or an age such "
    "as -24h"
)


class InvalidTime(ValueError):
    """A value is not a time; the message names the accepted formats."""


class ShortTime(InvalidTime):
    """A number of fewer than ten digits, such as an uptime."""


def parse_time(given: object, now: int) -> int:
    """Parse a number of seconds or milliseconds, RFC 3339 (without an offset: UTC), `now`, or an age such as `-24h`.

    Returns milliseconds since 1970 UTC. now: milliseconds. Raises InvalidTime, ShortTime.
    """
    if type(given) is int and _FIRST_MILLISECONDS <= given < _AFTER_MILLISECONDS:
        return given
    if isinstance(given, str):
        return _checked(_parse_text(given.strip(), now))
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _checked(_parse_number(given))
    raise InvalidTime(f"{given!r:.60} is not a time; {_WRITE}")


def _parse_text(text: str, now: int) -> int:
    if number := _NUMBER.fullmatch(text):
        return _parse_digits(text, len(number[1]))
    if text == "now":
        return now
    if age := _AGE.fullmatch(text):
        return now - int(age[1]) * UNITS[age[2]]
    return _parse_calendar(text)


def _parse_digits(text: str, digits: int) -> int:
    if digits > MILLISECONDS:
        raise _wrong_length(text, digits)
    number = float(text) if "." in text else int(text)
    if digits >= SECONDS and abs(number) < SHORTEST:
        # A number with leading zeros is neither an uptime nor a time.
        raise _wrong_length(text, digits)
    return _parse_number(number)


def _parse_number(number: float) -> int:
    if not math.isfinite(number) or abs(number) >= 10**MILLISECONDS:
        raise InvalidTime(f"{number!r:.60} is not a time; {_WRITE}")
    digits = len(str(abs(int(number))))
    if digits < SECONDS:
        raise ShortTime(f"{number!r:.60} has fewer than {SECONDS} digits and is not a time; {_WRITE}")
    if digits == SECONDS:
        return math.floor(number * 1_000)
    if digits == MILLISECONDS:
        return math.floor(number)
    raise _wrong_length(number, digits)


def _wrong_length(given: object, digits: int) -> InvalidTime:
    return InvalidTime(f"{given!r:.60} has {digits} digits and is not a time; {_WRITE}")


def _parse_calendar(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _parse_lenient(text)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def _parse_lenient(text: str) -> datetime:
    """Accepts lower-case letters, any number of digits in the fraction, and a plus sign that a URL turned into a space."""
    try:
        return datetime.fromisoformat(_FRACTION.sub(r".\1", _SPACE_FOR_PLUS.sub(r"\1+\2", text)).upper())
    except ValueError:
        raise InvalidTime(f"{text!r:.60} is not a time; {_WRITE}") from None


def _checked(time: int) -> int:
    if not FIRST_MS <= time <= LAST_MS:
        raise InvalidTime("the time lies outside the years 1 to 9999")
    return time
