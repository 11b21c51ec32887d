"""YAML as a tree of nodes with positions. Only what JSON also has: mappings, lists, texts, numbers, booleans, null."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from iotflow_simulators import SimulationError

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
TEXT, WHOLE, NUMBER, FLAG, NULL = (f"tag:yaml.org,2002:{word}" for word in ("str", "int", "float", "bool", "null"))


class ScenarioError(SimulationError):
    """A scenario cannot be used. The message has file, line and path of the value."""


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars as YAML 1.2 does: `18:00`, `on` and dates are texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_Loader.add_implicit_resolver(FLAG, re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(NULL, re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(WHOLE, re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    NUMBER, re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)(?:[eE][-+]?[0-9]+)?$"), list("-+.0123456789")
)


@dataclass(frozen=True, slots=True)
class Value:
    """A node of a scenario file, with its position. path: such as `fleets[2].devices`; empty: the whole file."""

    file: str
    path: str
    node: Node

    def error(self, problem: str) -> ScenarioError:
        """An error at this value."""
        place = f"{self.file}:{self.node.start_mark.line + 1}"
        return ScenarioError(f"{place}: {self.path}: {problem}." if self.path else f"{place}: {problem}.")

    def key(self, name: str) -> str:
        """The path of a key below this value."""
        return f"{self.path}.{name}" if self.path else name

    def fields(self) -> "dict[str, Value]":
        """The values of a mapping. Raises ScenarioError where it is none, or where a key occurs twice."""
        if not isinstance(self.node, MappingNode):
            raise self.error("a mapping (`key: value` lines) is expected here")
        found: dict[str, Value] = {}
        for key, node in self.node.value:
            name = Value(self.file, self.path, key)
            if not isinstance(key, ScalarNode):
                raise name.error("a key must be a single word")
            if key.value in found:
                raise name.error(f"the key `{key.value:.60}` occurs twice")
            found[key.value] = Value(self.file, self.key(key.value), node)
        return found

    def items(self) -> "list[Value]":
        """The values of a list. Raises ScenarioError where it is none."""
        if not isinstance(self.node, SequenceNode):
            raise self.error("a list (lines that begin with `-`, or `[a, b]`) is expected here")
        return [Value(self.file, f"{self.path}[{index}]", node) for index, node in enumerate(self.node.value)]

    def scalar(self, tags: tuple[str, ...], expected: str) -> str:
        """The text of a scalar with one of these tags. Raises ScenarioError."""
        if not isinstance(self.node, ScalarNode) or self.node.tag not in tags:
            raise self.error(f"{expected} is expected here")
        text: str = self.node.value
        return text


def parse(text: str, file: str) -> Value:
    """The tree of a file. Raises ScenarioError for invalid YAML and for files above the limits."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ScenarioError(f"{file}: the file is larger than {MAX_BYTES} bytes.")
    try:
        _check_events(text, file)
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ScenarioError(f"{file}{line}: this is not valid YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise ScenarioError(f"{file}: this is not valid YAML: {str(error).splitlines()[0]}.") from None
    if node is None:
        raise ScenarioError(f"{file}: the file is empty.")
    return Value(file, "", node)


def nearest(word: str, words: Iterator[str] | list[str]) -> str:
    """A hint that names the word most alike, or all words."""
    known = list(words)
    alike = get_close_matches(word, known, 1, 0.6)
    return f"did you mean `{alike[0]}`?" if alike else f"known are {', '.join(f'`{one}`' for one in known)}"


def _check_events(text: str, file: str) -> None:
    """Reject aliases, which can multiply a small file without limit, and deep nesting."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            raise ScenarioError(f"{file}:{line}: aliases (`*{event.anchor:.60}`) are not supported; repeat the value.")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ScenarioError(f"{file}:{line}: values are nested more than {MAX_DEPTH} levels deep.")
