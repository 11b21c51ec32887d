"""Times as recordings write them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from iotflow.readings import InvalidTime, parse_time
from iotflow.readings.times import EPOCH, FIRST_MS, LAST_MS
from iotflow_simulators.csv_choices import Choices

MILLISECOND = timedelta(milliseconds=1)
# How many of a unit are a millisecond.
UNITS = {"s": Decimal("0.001"), "ms": Decimal(1), "us": Decimal(1_000), "ns": Decimal(1_000_000)}

_NUMBER = re.compile(r"[-+]?\d{1,25}(\.\d{1,12})?", re.ASCII)
_CALENDAR = re.compile(r"\d{4}-?[\dW].*", re.ASCII)


class InvalidCell(ValueError):
    """A sentence about a cell that is no time, with the option that may say how to read it."""


class TimeReader:
    """Reads the cells of a column of times from the top to the bottom."""

    def __init__(self, choices: Choices) -> None:
        self._zone = choices.timezone
        self._last: int | None = None
        # Of times in the hour that comes twice when clocks are set back.
        self.told_apart = 0
        self._moment: Callable[[str], int | datetime] = _recognised
        if unit := UNITS.get(choices.time_format):
            self._moment = lambda cell: _epoch(cell, unit, choices.time_format)
        elif choices.time_format:
            self._moment = lambda cell: _formatted(cell, choices.time_format)

    def read(self, cell: str) -> int:
        """Milliseconds since 1970 UTC, rounded down. Raises InvalidCell."""
        moment = self._moment(cell.strip())
        time = moment if isinstance(moment, int) else self._of_moment(moment)
        if not FIRST_MS <= time <= LAST_MS:
            raise InvalidCell(f"{cell!r:.60} lies outside the years 1 to 9999")
        self._last = time
        return time

    def _of_moment(self, moment: datetime) -> int:
        if moment.tzinfo is not None or self._zone is None:
            return _milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        first, second = (_milliseconds(moment.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        if first == second:
            return first
        if first > second:
            raise InvalidCell(f"there is no {moment} in {self._zone}: clocks were set forward then; see --timezone")
        # The hour that comes twice: rows rise, so that the first time of it is over when they would fall.
        self.told_apart += 1
        return second if self._last is not None and first <= self._last else first


def is_time(cell: str, choices: Choices) -> bool:
    """Whether the cell may be a time."""
    try:
        TimeReader(choices).read(cell)
    except InvalidCell:
        return False
    return True


def is_calendar_time(cell: str, choices: Choices) -> bool:
    """Whether it is a time and no number."""
    return not _NUMBER.fullmatch(cell.strip()) and is_time(cell, choices)


def _recognised(cell: str) -> int | datetime:
    """Milliseconds, or a calendar time without an offset."""
    if _NUMBER.fullmatch(cell):
        try:
            return parse_time(cell, 0)
        except InvalidTime:
            raise InvalidCell(
                f"{cell!r:.60} may be a time of several kinds; say which: --time-format s, ms, us, ns or such as '%Y%m%d%H%M'"
            ) from None
    if not _CALENDAR.fullmatch(cell):
        raise _unknown(cell)
    try:
        return datetime.fromisoformat(cell.upper())
    except ValueError:
        raise _unknown(cell) from None


def _unknown(cell: str) -> InvalidCell:
    return InvalidCell(
        f"{cell!r:.60} is not a time such as 2013-07-04T00:00:00Z or 2013-07-04 00:00:00; say how it is written, such as "
        "--time-format '%d.%m.%Y %H:%M:%S', or which column holds the times: --time-column"
    )


def _epoch(cell: str, unit: Decimal, name: str) -> int:
    if not _NUMBER.fullmatch(cell):
        raise InvalidCell(f"{cell!r:.60} is no number, and --time-format is {name}")
    return int((Decimal(cell) / unit).to_integral_value("ROUND_FLOOR"))


def _formatted(cell: str, form: str) -> datetime:
    try:
        return datetime.strptime(cell, form)
    except ValueError:
        raise InvalidCell(f"{cell!r:.60} is not written as --time-format {form!r} says") from None


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def zone(name: str) -> ZoneInfo:
    """An IANA time zone. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValueError(name) from None
