"""Times and durations in a scenario file. Each kind reads a value, and describes itself as JSON Schema and in words."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from iotflow_simulators.scenario.document import TEXT, Value

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = r"^[0-9]{1,12}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
CLOCK = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
OFFSET = r"^[-+](0[0-9]|1[0-4]):(00|15|30|45)$"
_MILLISECOND = datetime(1970, 1, 1, 0, 0, 0, 1000) - datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Duration:
    """A time span with a unit, in ms."""

    least: str
    most: str

    def read(self, value: Value) -> int:
        text = value.scalar((TEXT,), "a duration with its unit, such as `250ms`, `5s`, `10m`, `2h` or `1d`,")
        if not re.fullmatch(DURATION, text):
            raise value.error(f"`{text:.60}` is not a duration; write it as `250ms`, `5s`, `10m`, `2h` or `1d`")
        exact = _exact_ms(text)
        if exact.denominator != 1:
            raise value.error(f"`{text}` is not a whole number of milliseconds")
        if not milliseconds(self.least) <= exact <= milliseconds(self.most):
            raise value.error(f"`{text}` is not from {self.least} to {self.most}")
        return int(exact)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": DURATION, "description": f"from {self.least} to {self.most}"}

    def words(self) -> str:
        return f"duration, `{self.least}` to `{self.most}`"


@dataclass(frozen=True, slots=True)
class Instant:
    """A time in UTC, in ms since 1970."""

    def read(self, value: Value) -> int:
        text = value.scalar((TEXT,), "a time such as `2026-01-15T08:00:00Z`")
        if not re.fullmatch(INSTANT, text):
            raise value.error(f"`{text:.60}` is not a time; write it as `2026-01-15T08:00:00Z`")
        try:
            time = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise value.error(f"`{text}` is not a date of the calendar") from None
        if not 1980 <= time.year <= 2200:
            raise value.error(f"`{text}` is not from 1980 to 2200")
        return (time - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": INSTANT}

    def words(self) -> str:
        return "time in UTC, such as `2026-01-15T08:00:00Z`"


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day, in ms since midnight."""

    def read(self, value: Value) -> int:
        text = value.scalar((TEXT,), "a time of day such as `08:30`")
        if not re.fullmatch(CLOCK, text):
            raise value.error(f"`{text:.60}` is not a time of day; write it as `08:30`")
        return int(text[:2]) * UNITS["h"] + int(text[3:]) * UNITS["m"]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": CLOCK}

    def words(self) -> str:
        return "time of day, `00:00` to `24:00`"


@dataclass(frozen=True, slots=True)
class UtcOffset:
    """The distance of local time from UTC, in ms."""

    def read(self, value: Value) -> int:
        text = value.scalar((TEXT,), "an offset such as `+02:00`")
        if not re.fullmatch(OFFSET, text):
            raise value.error(f"`{text:.60}` is not an offset from UTC; write it as `+02:00`")
        return int(text[0] + "1") * (int(text[1:3]) * UNITS["h"] + int(text[4:]) * UNITS["m"])

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": OFFSET}

    def words(self) -> str:
        return "offset from UTC, such as `+02:00`"


def milliseconds(text: str) -> int:
    """The ms of a duration that is known to be valid."""
    return int(_exact_ms(text))


def _exact_ms(text: str) -> Fraction:
    unit = text.lstrip("0123456789.")
    return Fraction(text[: -len(unit)]) * UNITS[unit]
