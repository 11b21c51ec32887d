"""Times as people and devices write them."""

import re
from datetime import UTC, datetime

from iotflow_server.errors import InvalidArgument

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# RFC 3339 and google.protobuf.Timestamp have years 1 to 9999.
FIRST_TIME = -62_135_596_800_000
LAST_TIME = 253_402_300_799_999
# Ten digits are seconds until the year 5138, twelve are milliseconds from 1973 on.
SECONDS_BELOW = 100_000_000_000
LONGEST = 36_525 * 86_400_000

# 20260131 is somebody's date, not the 21st of August 1970.
DATES_BELOW = 100_000_000

_AGE = re.compile(r"(?:now)?\s*-\s*(\d{1,15})(ms|s|m|h|d|w)")
_DURATION = re.compile(r"(\d{1,15})(ms|s|m|h|d|w)")
_DIGITS = re.compile(r"-?\d{1,15}")
_SPACE_FOR_PLUS = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
_FRACTION = re.compile(r"\.(\d{3})\d+")


def parse_time(text: str, now: int, field: str) -> int:
    """Milliseconds since 1970 UTC of RFC 3339 (without an offset: UTC), `now`, `-24h`, `now-7d`, or digits.

    Digits are milliseconds, or seconds where they are nine to eleven. now: milliseconds. Raises InvalidArgument naming field.
    """
    text = text.strip()
    if text == "now":
        return now
    if age := _AGE.fullmatch(text):
        return _checked(now - int(age[1]) * UNITS[age[2]], text, field)
    if _DIGITS.fullmatch(text):
        number = int(text)
        if 0 < abs(number) < DATES_BELOW:
            raise InvalidArgument(
                field, f"{text!r} is too short for a time; write 10 digits of seconds or 13 of milliseconds"
            )
        return _checked(number * 1_000 if abs(number) < SECONDS_BELOW else number, text, field)
    return _calendar_time(text, field)


def _calendar_time(text: str, field: str) -> int:
    # A plus sign that nobody escaped arrives as a space in a URL.
    readable = _FRACTION.sub(r".\1", _SPACE_FOR_PLUS.sub(r"\1+\2", text)).upper()
    try:
        moment = datetime.fromisoformat(readable)
    except ValueError:
        raise InvalidArgument(
            field, f"{text!r} is not a time; write RFC 3339 such as 2026-01-31T12:00:00Z, now, or an age such as -24h"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _checked(to_ms(moment), text, field)


def _checked(time: int, text: str, field: str) -> int:
    if not FIRST_TIME <= time <= LAST_TIME:
        raise InvalidArgument(field, f"{text!r} lies outside the years 1 to 9999")
    return time


def parse_duration(text: str, field: str) -> int:
    """Milliseconds of `5m`, `1h`, `7d` …; raises InvalidArgument naming field."""
    found = _DURATION.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise InvalidArgument(
            field, f"{text!r} is not a duration; write a number and one of ms, s, m, h, d, w, such as 5m"
        )
    duration = int(found[1]) * UNITS[found[2]]
    if duration > LONGEST:
        raise InvalidArgument(field, f"{text!r} is longer than 100 years")
    return duration


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware datetime, rounded down."""
    since = moment - EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def utc_now_ms() -> int:
    """The server's time in milliseconds since 1970 UTC."""
    return to_ms(datetime.now(UTC))
