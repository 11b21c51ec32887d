"""Random mutants of the product: a place is chosen by chance, then one of the changes that can be made there."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tools.mutate.operators import changes_nothing, operators
from tools.mutate.sources import module, product_files

_OPERATORS = operators()
_NODE_TYPES = {
    "BinaryOperator": ("operator",),
    "ComparisonOperator": ("comparison",),
    "UnaryOperator": ("factor", "not_test"),
}


@dataclass(frozen=True)
class Mutant:
    """One change: what it makes of one line of the product."""

    path: str
    line: int
    definition: str
    operator: str
    occurrence: int
    before: str
    after: str
    text: str

    @property
    def key(self) -> str:
        """Names it whatever module and line it is on: accepted.toml lists these."""
        return f"{self.definition}: {self.before} -> {self.after}"


def sample(root: Path, seed: int) -> Iterator[Mutant]:
    """Mutants of the whole product, in the order that the seed gives; a module is as likely as it has lines."""
    chance = random.Random(seed)
    paths = product_files(root)
    lengths = [len(module(root, path).text.splitlines()) for path in paths]
    yield from _unlike(_chosen(root, chance.choices(paths, lengths)[0], chance) for _ in range(len(paths) * 100))


def of_lines(root: Path, changed: dict[str, set[int]], seed: int) -> Iterator[Mutant]:
    """Mutants of these lines of the product, each place once, in the order that the seed gives."""
    chance = random.Random(seed)
    known = set(product_files(root)) & changed.keys()
    places = [(path, place) for path in sorted(known) for place in _places(root, path) if place[0] in changed[path]]
    chance.shuffle(places)
    yield from _unlike(_made(root, path, place, chance) for path, place in places)


def _chosen(root: Path, path: str, chance: random.Random) -> Mutant | None:
    places = list(_places(root, path))
    return _made(root, path, chance.choice(places), chance) if places else None


def _unlike(found: Iterator[Mutant | None]) -> Iterator[Mutant]:
    seen: set[str] = set()
    for mutant in found:
        if mutant and mutant.text not in seen:
            seen.add(mutant.text)
            yield mutant


@cache
def _places(root: Path, path: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Line and column → the changes that can be made there: an operator, and which of its occurrences in the module."""
    counts: dict[str, int] = defaultdict(int)
    places: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    declarations = module(root, path).declarations()
    for node in ast_nodes(get_ast(module(root, path).text)):
        for name in _applicable(node.type):
            for start, _ in _OPERATORS[name].mutation_positions(node):
                if start[0] not in declarations and not changes_nothing(node):
                    places[start].append((name, counts[name]))
                counts[name] += 1
    return dict(places)


@cache
def _applicable(node_type: str) -> list[str]:
    """The operators that may apply to nodes of a type; most are for one type only."""
    return [
        name for name in _OPERATORS if all(node_type in types for part, types in _NODE_TYPES.items() if part in name)
    ]


def _made(root: Path, path: str, place: tuple[int, int], chance: random.Random) -> Mutant | None:
    """None for what is no Python, or changes nothing."""
    return made(root, path, *chance.choice(_places(root, path)[place]))


def made(root: Path, path: str, operator: str, occurrence: int) -> Mutant | None:
    """The module as an operator changes it at one of its occurrences; None for what is no Python, or changes nothing."""
    original = module(root, path)
    text = mutate_code(original.text, _OPERATORS[operator], occurrence)
    if text is None or text == original.text or not _compiles(text):
        return None
    before, after = original.text.splitlines(), text.splitlines()
    first = next(number for number, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    function = original.function_at(first + 1)
    where = function.name if function else Path(path).stem
    return Mutant(path, first + 1, where, operator, occurrence, before[first].strip(), after[first].strip(), text)


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
