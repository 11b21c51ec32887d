"""Kinds of values of a scenario file. Each reads a value, and describes itself as JSON Schema and in words."""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from iotflow_simulators.scenario.document import FLAG, NUMBER, TEXT, WHOLE, Value, nearest

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
