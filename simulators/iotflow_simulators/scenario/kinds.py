"""Kinds of values of a scenario file. Each reads a value, and describes itself as JSON Schema and in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Protocol

from iotflow_simulators.scenario.document import FLAG, NUMBER, TEXT, WHOLE, Value, nearest

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = r"^[0-9]{1,12}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
CLOCK = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
OFFSET = r"^[-+](0[0-9]|1[0-4]):(00|15|30|45)$"
_REQUIRED: Any = object()


class Kind(Protocol):
    """A kind of value."""

    def read(self, value: Value) -> Any:
        """The value in Python. Raises ScenarioError."""

    def schema(self) -> dict[str, Any]:
        """The values that are accepted, as JSON Schema."""

    def words(self) -> str:
        """The values that are accepted, for a table."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text. pattern: what it must match; hint: the pattern in words."""

    longest: int = 100
    pattern: str = ""
    hint: str = ""

    def read(self, value: Value) -> str:
        text = value.scalar((TEXT,), "a text (in quotes, where it looks like a number)")
        if not 1 <= len(text) <= self.longest:
            raise value.error(f"the text has {len(text)} characters; 1 to {self.longest} are accepted")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise value.error(f"`{text}` is not accepted; {self.hint}")
        return text

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": self.longest}
        return schema | ({"pattern": self.pattern} if self.pattern else {})

    def words(self) -> str:
        return f"text of at most {self.longest} characters"


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a closed set."""

    choices: tuple[str, ...]

    def read(self, value: Value) -> str:
        text = value.scalar((TEXT,), "a word")
        if text not in self.choices:
            raise value.error(f"`{text:.60}` is unknown; {nearest(text, list(self.choices))}")
        return text

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.choices)}

    def words(self) -> str:
        return ", ".join(f"`{word}`" for word in self.choices)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int
    most: int

    def read(self, value: Value) -> int:
        text = value.scalar((WHOLE,), "a whole number")
        if len(text) > 20 or not self.least <= int(text) <= self.most:
            raise value.error(f"{text:.24} is not from {self.least} to {self.most}")
        return int(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def words(self) -> str:
        return f"whole number, {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    least: float
    most: float

    def read(self, value: Value) -> float:
        text = value.scalar((WHOLE, NUMBER), "a number")
        number = float(text)
        if not self.least <= number <= self.most:
            raise value.error(f"{text:.24} is not from {self.least:g} to {self.most:g}")
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.least, "maximum": self.most}

    def words(self) -> str:
        return f"number, {self.least:g} to {self.most:g}"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, value: Value) -> bool:
        return value.scalar((FLAG,), "`true` or `false`") == "true"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def words(self) -> str:
        return "`true`, `false`"


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


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one kind."""

    kind: Kind
    most: int
    least: int = 0

    def read(self, value: Value) -> tuple[Any, ...]:
        items = value.items()
        if not self.least <= len(items) <= self.most:
            raise value.error(f"the list has {len(items)} entries; {self.least} to {self.most} are accepted")
        return tuple(self.kind.read(item) for item in items)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.kind.schema(), "minItems": self.least, "maxItems": self.most}

    def words(self) -> str:
        return f"list, at most {self.most} entries"


@dataclass(frozen=True, slots=True)
class MapOf:
    """Values of one kind, by free keys."""

    key: Text
    kind: Kind
    most: int

    def read(self, value: Value) -> dict[str, Any]:
        fields = value.fields()
        if len(fields) > self.most:
            raise value.error(f"it has {len(fields)} keys; at most {self.most} are accepted")
        for name, item in fields.items():
            if not re.fullmatch(self.key.pattern, name):
                raise item.error(f"the key is not accepted; {self.key.hint}")
        return {name: self.kind.read(item) for name, item in fields.items()}

    def schema(self) -> dict[str, Any]:
        key, item = self.key.schema(), self.kind.schema()
        return {"type": "object", "propertyNames": key, "additionalProperties": item, "maxProperties": self.most}

    def words(self) -> str:
        return f"mapping, at most {self.most} keys"


@dataclass(frozen=True, slots=True)
class Either:
    """Values of several kinds: the kind is chosen by whether a mapping is given."""

    single: Kind
    mapping: Kind

    def read(self, value: Value) -> Any:
        is_mapping = value.node.id == "mapping"
        return self.mapping.read(value) if is_mapping else self.single.read(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.single.schema(), self.mapping.schema()]}

    def words(self) -> str:
        return f"{self.single.words()}; or a mapping of them to shares"


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a mapping. without: the value where the key is absent; the key is required where there is none."""

    kind: Kind
    description: str
    without: Any = field(default_factory=lambda: _REQUIRED)
    shown: str = ""

    @property
    def required(self) -> bool:
        """Whether the key must be given."""
        return self.without is _REQUIRED


@dataclass(frozen=True, slots=True)
class Object:
    """A mapping with known keys."""

    fields: Mapping[str, Field]

    def read(self, value: Value) -> dict[str, Any]:
        given = value.fields()
        for name, item in given.items():
            if name not in self.fields:
                raise item.error(f"this key is unknown; {nearest(name, list(self.fields))}")
        absent = [name for name, one in self.fields.items() if one.required and name not in given]
        if absent:
            raise value.error(f"the key `{absent[0]}` is missing")
        return {name: one.kind.read(given[name]) if name in given else one.without for name, one in self.fields.items()}

    def schema(self) -> dict[str, Any]:
        properties = {name: one.kind.schema() | {"description": one.description} for name, one in self.fields.items()}
        required = [name for name, one in self.fields.items() if one.required]
        schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return schema | ({"required": required} if required else {})

    def words(self) -> str:
        return "mapping"


@dataclass(frozen=True, slots=True)
class Variant:
    """A mapping whose key `parameters` depends on a word of a sibling key."""

    common: Object
    selector: str
    variants: Mapping[str, Object]

    def read(self, value: Value) -> dict[str, Any]:
        given = value.fields()
        fields = dict(self.common.fields)
        if self.selector in given:
            chosen = self.variants[fields[self.selector].kind.read(given[self.selector])]
            fields["parameters"] = Field(chosen, "", None)
        read = Object(fields).read(value)
        if read["parameters"] is None:
            read["parameters"] = self._defaults(value, read[self.selector])
        return read

    def _defaults(self, value: Value, word: str) -> dict[str, Any]:
        fields = self.variants[word].fields
        absent = [name for name, one in fields.items() if one.required]
        if absent:
            raise value.error(f"the key `parameters.{absent[0]}` is missing")
        return {name: one.without for name, one in fields.items()}

    def schema(self) -> dict[str, Any]:
        schema = self.common.schema()
        schema["properties"]["parameters"] = {"type": "object"}
        schema["allOf"] = [
            {
                "if": {"properties": {self.selector: {"const": word}}, "required": [self.selector]},
                "then": {"properties": {"parameters": variant.schema()}}
                | ({"required": ["parameters"]} if any(one.required for one in variant.fields.values()) else {}),
            }
            for word, variant in self.variants.items()
        ]
        return schema

    def words(self) -> str:
        return "mapping"


def milliseconds(text: str) -> int:
    """The ms of a duration that is known to be valid."""
    return int(_exact_ms(text))


def _exact_ms(text: str) -> Fraction:
    unit = text.lstrip("0123456789.")
    return Fraction(text[: -len(unit)]) * UNITS[unit]


_MILLISECOND = datetime(1970, 1, 1, 0, 0, 0, 1000) - datetime(1970, 1, 1)
