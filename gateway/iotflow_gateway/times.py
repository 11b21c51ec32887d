"""Times as devices write them."""

import math
import re
from datetime import UTC, datetime

from iotflow_gateway.refusal import Refused

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years 1 to 9999.
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
# Nine to eleven digits are seconds, more are milliseconds, fewer are no time.
SHORTEST, SECONDS_BELOW = 100_000_000, 100_000_000_000

_DIGITS = re.compile(r"-?\d{1,15}")
_FRACTION = re.compile(r"\.(\d{3})\d+")


def time_ms(given: object) -> int:
    """Milliseconds since 1970 UTC of RFC 3339 (without an offset: UTC), or of a number or digits: seconds or milliseconds.

    Raises Refused (INVALID_TIME).
    """
    if isinstance(given, str):
        text = given.strip()
        return _number(int(text)) if _DIGITS.fullmatch(text) else _calendar(text)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _number(given)
    raise _no_time(given)


def _number(number: float) -> int:
    if not SHORTEST <= abs(number) < math.inf:
        raise _no_time(number)
    return _checked(int(number * 1_000 if abs(number) < SECONDS_BELOW else number))


def _calendar(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(_FRACTION.sub(r".\1", text).upper())
        except ValueError:
            raise _no_time(text) from None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return _checked(since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000)


def _checked(time: int) -> int:
    if not FIRST_MS <= time <= LAST_MS:
        raise Refused("INVALID_TIME", "the time lies outside the years 1 to 9999", field="timestamp")
    return time


def _no_time(given: object) -> Refused:
    return Refused(
        "INVALID_TIME",
        f"{given!r:.60} is not a time; write RFC 3339 such as 2026-01-31T12:00:00Z, or 10 digits of seconds or 13 of "
        "milliseconds",
        field="timestamp",
    )
