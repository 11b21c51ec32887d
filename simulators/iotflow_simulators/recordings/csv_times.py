"""Reads the times of a recording."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from iotflow.readings import InvalidTime, parse_time
from iotflow.readings.times import EPOCH, FIRST_MS, LAST_MS
from iotflow_simulators.recordings.csv_file import CsvOptions

MILLISECOND = timedelta(milliseconds=1)
# Units per millisecond.
UNITS = {"s": Decimal("0.001"), "ms": Decimal(1), "us": Decimal(1_000), "ns": Decimal(1_000_000)}

_NUMBER = re.compile(r"[-+]?\d{1,25}(\.\d{1,12})?", re.ASCII)
_CALENDAR = re.compile(r"\d{4}-?[\dW].*", re.ASCII)


class InvalidCell(ValueError):
    """A cell is not a time: a message that names the option which describes its format."""


class TimeReader:
    """Reads the cells of a column of times, from top to bottom."""

    def __init__(self, options: CsvOptions) -> None:
        self._zone = options.timezone
        self._last: int | None = None
        # Number of times in the hour that occurs twice when clocks are set back.
        self.repeated_hour = 0
        self._moment: Callable[[str], int | datetime] = _detected
        if unit := UNITS.get(options.time_format):
            self._moment = lambda cell: _epoch(cell, unit, options.time_format)
        elif options.time_format:
            self._moment = lambda cell: _formatted(cell, options.time_format)

    def read(self, cell: str) -> int:
        """Milliseconds since 1970 UTC, rounded down. Raises InvalidCell."""
        moment = self._moment(cell.strip())
        time = moment if isinstance(moment, int) else self._of_moment(moment)
        if not FIRST_MS <= time <= LAST_MS:
            raise InvalidCell(f"{cell!r:.60} is outside the years 1 to 9999")
        self._last = time
        return time

    def _of_moment(self, moment: datetime) -> int:
        if moment.tzinfo is not None or self._zone is None:
            return _milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        first, second = (_milliseconds(moment.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        if first == second:
            return first
        if first > second:
            raise InvalidCell(
                f"{moment} does not exist in {self._zone}, because clocks were set forward; check --timezone"
            )
        # In the hour that occurs twice, times rise: a time that would fall belongs to the second occurrence.
        self.repeated_hour += 1
        return second if self._last is not None and first <= self._last else first


def is_time(cell: str, options: CsvOptions) -> bool:
    """Whether the cell can be read as a time."""
    try:
        TimeReader(options).read(cell)
    except InvalidCell:
        return False
    return True


def is_calendar_time(cell: str, options: CsvOptions) -> bool:
    """Whether the cell is a time, but not a number."""
    return not _NUMBER.fullmatch(cell.strip()) and is_time(cell, options)


def _detected(cell: str) -> int | datetime:
    """Milliseconds, or a calendar time without an offset."""
    if _NUMBER.fullmatch(cell):
        try:
            return parse_time(cell, 0)
        except InvalidTime:
            raise InvalidCell(
                f"{cell!r:.60} fits several formats of time; name one: --time-format s, ms, us, ns or such as '%Y%m%d%H%M'"
            ) from None
    if not _CALENDAR.fullmatch(cell):
        raise _unknown(cell)
    try:
        return datetime.fromisoformat(cell.upper())
    except ValueError:
        raise _unknown(cell) from None


def _unknown(cell: str) -> InvalidCell:
    return InvalidCell(
        f"{cell!r:.60} is not a time such as 2013-07-04T00:00:00Z or 2013-07-04 00:00:00; name its format, such as "
        "--time-format '%d.%m.%Y %H:%M:%S', or the column of times: --time-column"
    )


def _epoch(cell: str, unit: Decimal, name: str) -> int:
    if not _NUMBER.fullmatch(cell):
        raise InvalidCell(f"{cell!r:.60} is not a number, but --time-format is {name}")
    return int((Decimal(cell) / unit).to_integral_value("ROUND_FLOOR"))


def _formatted(cell: str, form: str) -> datetime:
    try:
        return datetime.strptime(cell, form)
    except ValueError:
        raise InvalidCell(f"{cell!r:.60} does not have the format --time-format {form!r}") from None


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def zone(name: str) -> ZoneInfo:
    """An IANA time zone. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValueError(name) from None
