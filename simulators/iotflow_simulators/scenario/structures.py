"""Lists and mappings in a scenario file. Each kind reads a value, and describes itself as JSON Schema and in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iotflow_simulators.scenario.document import Value, nearest
from iotflow_simulators.scenario.kinds import Field, Kind, Text


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
