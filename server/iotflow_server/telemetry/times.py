"""Times and durations as texts and as milliseconds."""

import re
import time
from datetime import datetime

from iotflow import readings
from iotflow.readings.times import EPOCH, FIRST_MS, LAST_MS, UNITS
from iotflow_server.clock import CLOCK
from iotflow_server.errors import InvalidArgument

FIRST_TIME, LAST_TIME = FIRST_MS, LAST_MS
BEGINNING = "0"
LONGEST = 36_525 * 86_400_000

_DURATION = re.compile(r"(\d{1,15})(ms|s|m|h|d|w)")


def parse_time(text: str, now: int, field: str) -> int:
    """Milliseconds since 1970 UTC of a time in a query: any form that readings may use, or `0` for the beginning.

    now: milliseconds. Raises InvalidArgument naming field.
    """
    if text.strip() == BEGINNING:
        return 0
    try:
        return readings.parse_time(text, now)
    except readings.InvalidTime as problem:
        raise InvalidArgument(field, str(problem)) from None


def parse_duration(text: str, field: str) -> int:
    """Milliseconds of `5m`, `1h`, `7d` …; raises InvalidArgument naming field."""
    found = _DURATION.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise InvalidArgument(
            field, f"{text!r} is not a duration; write a number and one of ms, s, m, h, d, w, such as 5m"
        )
    duration = int(found[1]) * UNITS[found[2]]
    if duration > LONGEST:
        raise InvalidArgument(field, f"{text!r} is longer than 100 years; use a shorter duration")
    return duration


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware datetime, rounded down."""
    since = moment - EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def system_now_ms() -> int:
    """The time of the system clock in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def utc_now_ms() -> int:
    """The time of the server in milliseconds since 1970 UTC."""
    return int(CLOCK.now())
