"""Times as recordings write them."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# The years 1 to 9999, as the server takes them.
FIRST_TIME = -62_135_596_800_000
LAST_TIME = 253_402_300_799_999
# Smaller numbers are seconds, until the year 5138; larger ones milliseconds, from 1973 on.
SECONDS_BELOW = 100_000_000_000

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,12})?")


def parse_time(text: str) -> int:
    """Milliseconds since 1970 UTC (rounded down) of RFC 3339, `2013-07-04 00:00:00`, or digits (s or ms).

    Without an offset it is UTC. Raises ValueError.
    """
    time = _epoch_time(Decimal(text)) if _NUMBER.fullmatch(text) else _calendar_time(text)
    if not FIRST_TIME <= time <= LAST_TIME:
        raise ValueError("outside the years 1 to 9999")
    return time


def _epoch_time(number: Decimal) -> int:
    return math.floor(number * 1_000 if abs(number) < SECONDS_BELOW else number)


def _calendar_time(text: str) -> int:
    moment = datetime.fromisoformat(text)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - EPOCH) // MILLISECOND
