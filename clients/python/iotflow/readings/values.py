"""The names and values of a reading: one rule for all interfaces and stores."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from iotflow.readings.document import EXACT, InvalidReading

LONGEST_NAME = 128
# The key of the time in a row of an answer.
RESERVED = "timestamp"
# Quotes, and characters that separate names or end statements in URL lists (,), SQL or shells.
_EXCLUDED = frozenset(",;*'\"`\\")
# First characters with which a spreadsheet begins a formula, and the dot of a path.
_EXCLUDED_FIRST = frozenset("-.+=@")
_NO_NAME = (
    f"a measurement's name has 1 to {LONGEST_NAME} visible characters and spaces within, none of , ; * ' \" ` \\ and does not "
    "begin with one of - . + = @"
)
MOST_MEASUREMENTS = 1_000
# Answers of the server nest objects in further objects.
DEEPEST = 16
# A float from this value on may be an integer of more than 64 bits that has lost digits.
WIDE = 2.0**63
INT64_FIRST, INT64_LAST = -(2**63), 2**63 - 1

# float: DOUBLE; int: INT64, beyond the integers that a double holds exactly; bool: BOOLEAN; str: TEXT.
Values = dict[str, float | int | bool | str]


class DigitsLost(Exception):
    """An integer may have lost digits; the payload must be parsed by exact_document."""


@dataclass(slots=True)
class Reading:
    """time: milliseconds since 1970 UTC; None: the reading has no time. values: by measurement, at least one. index: position in the
    message."""

    time: int | None
    values: Values
    index: int = 0


def ordinary_values(data: dict[str, Any]) -> tuple[Values, list[str] | None]:
    """The values that are stored as they are, and the names of the other ones; None: there are none."""
    values: Values = {}
    others: list[str] | None = None
    for name, value in data.items():
        kind = type(value)
        if (kind is float and -WIDE < value < WIDE) or kind is str or kind is bool:
            values[name] = value
        elif kind is int and -EXACT <= value <= EXACT:
            values[name] = float(value)
        elif others is None:
            others = [name]
        else:
            others.append(name)
    return values, others


class ValueReader:
    """refuse: takes the problem of each value that is rejected by itself. is_exact: integers have all their digits."""

    def __init__(
        self, refuse: Callable[[InvalidReading], None], most: int = MOST_MEASUREMENTS, *, is_exact: bool
    ) -> None:
        self._take_problem = refuse
        self._refused = 0
        self._most = most
        self._is_exact = is_exact

    def read(self, data: dict[str, Any], metadata: dict[str, Any] | None, index: int | None) -> Values:
        """The values of a reading. Metadata is stored as text beside the data.

        Raises InvalidReading where no part of the reading can be stored, DigitsLost.
        """
        if len(data) + len(metadata or ()) > self._most:
            raise InvalidReading("TOO_MANY_MEASUREMENTS", f"a reading has at most {self._most} values", field="data")
        refused = self._refused
        values = self._of_data(data, index)
        if not values and refused == self._refused:
            raise InvalidReading("EMPTY_DATA", "data contains no value", field="data")
        if metadata:
            self._add_metadata(values, data, metadata, index)
        if values and max(map(len, values)) > LONGEST_NAME:
            self._refuse_long_names(values, data, index)
        return values

    def _of_data(self, data: dict[str, Any], index: int | None) -> Values:
        values, others = ordinary_values(data)
        for name in others or ():
            if data[name] is not None:
                self._add_other(values, name, data[name], index)
        return values

    def _add_other(self, values: Values, name: str, value: Any, index: int | None) -> None:
        field = f"data.{name:.200}"
        try:
            if type(value) is int:
                values[name] = _whole(value)
            elif type(value) is float:
                values[name] = self._double(value)
            else:
                values[name] = self._text(value)
        except ValueError as problem:
            self._refuse("INVALID_VALUE", str(problem), field, name, index)

    def _add_metadata(self, values: Values, data: dict[str, Any], metadata: dict[str, Any], index: int | None) -> None:
        for name, value in metadata.items():
            measurement, field = f"meta_{name}", f"metadata.{name:.200}"
            if measurement in data:
                message = "the same name is in data and in metadata"
                self._refuse("DUPLICATE_NAME", message, field, measurement, index)
            elif value is not None:
                try:
                    values[measurement] = value if isinstance(value, str) else self._text(value)
                except ValueError as problem:
                    self._refuse("INVALID_VALUE", str(problem), field, measurement, index)

    def _refuse_long_names(self, values: Values, data: dict[str, Any], index: int | None) -> None:
        for name in [name for name in values if len(name) > LONGEST_NAME]:
            del values[name]
            place = f"data.{name:.100}" if name in data else f"metadata.{name.removeprefix('meta_'):.100}"
            message = f"a name has at most {LONGEST_NAME} characters"
            self._refuse("INVALID_NAME", message, place, name[: LONGEST_NAME + 1], index)

    def _refuse(self, reason: str, message: str, field: str, measurement: str, index: int | None) -> None:
        self._refused += 1
        self._take_problem(InvalidReading(reason, message, field=field, measurement=measurement, index=index))

    def _double(self, value: float) -> float:
        if not math.isfinite(value):
            raise ValueError("NaN and infinity are no values")
        if not self._is_exact and value.is_integer():
            raise DigitsLost
        return value

    def _text(self, value: Any) -> str:
        self._check(value, DEEPEST)
        return orjson.dumps(value).decode()

    def _check(self, content: Any, levels: int) -> None:
        """Descend at most `levels` levels: content may be nested more deeply than Python can follow."""
        if type(content) is float:
            self._double(content)
        elif type(content) is int and not INT64_FIRST <= content < 2**64:
            raise ValueError("holds a whole number of more than 64 bits; write it as a text")
        elif isinstance(content, dict | list):
            if not levels:
                raise ValueError(f"is nested more than {DEEPEST} deep")
            for inner in content.values() if isinstance(content, dict) else content:
                self._check(inner, levels - 1)


def _whole(value: int) -> int:
    if not INT64_FIRST <= value <= INT64_LAST:
        raise ValueError("is a whole number of more than 64 bits; write it as a text")
    return value


def name_problem(measurement: str) -> str | None:
    """Why this cannot be the name of a measurement; None if it can."""
    # Only short names are cached.
    return _name_problem(measurement) if len(measurement) <= LONGEST_NAME else _NO_NAME


@lru_cache(maxsize=65_536)
def _name_problem(measurement: str) -> str | None:
    if measurement == RESERVED:
        return "timestamp is the name of the reading's time; choose another name"
    # isprintable: no control, invisible or unassigned characters, and no spaces other than U+0020.
    is_visible = measurement.isprintable() and measurement == measurement.strip() != ""
    if not is_visible or measurement[0] in _EXCLUDED_FIRST or not _EXCLUDED.isdisjoint(measurement):
        return _NO_NAME
    return None
