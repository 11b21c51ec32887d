"""The product's modules, and what the lines of a module belong to."""

import ast
import hashlib
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

AREAS = {
    "server": "server/iotflow_server",
    "gateway": "gateway/iotflow_gateway",
    "cli": "cli/iotflow_cli",
    "clients/python": "clients/python/iotflow",
    "simulators": "simulators/iotflow_simulators",
}
# What precedes the package in each path: the folders that Python imports the product from.
IMPORT_ROOTS = tuple(str(Path(package).parent) for package in AREAS.values())
_GENERATED = "/iotflow/v1/"


@dataclass(frozen=True)
class Function:
    """Lines first to last, decorators included; the body begins at a line of its own.

    The key is that of the text: it stays when the function moves to another line or module.
    """

    name: str
    key: str
    first: int
    body: int
    last: int


@dataclass(frozen=True)
class Module:
    """One parsed module."""

    path: str
    text: str
    tree: ast.Module
    functions: tuple[Function, ...]

    def declarations(self) -> set[int]:
        """The lines of protocols, whose methods are never called."""
        protocols = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ClassDef) and any(map(_is_protocol, node.bases))
        ]
        return {line for one in protocols for line in range(one.lineno, (one.end_lineno or 0) + 1)}

    def function_at(self, line: int) -> Function | None:
        """The innermost function around a line."""
        around = [function for function in self.functions if function.first <= line <= function.last]
        return max(around, key=lambda function: function.first, default=None)

    def statement_at(self, line: int) -> range:
        """The lines of the simple statement, or of the head of the compound one, that a line belongs to."""
        heads = [_head(node) for node in ast.walk(self.tree) if isinstance(node, ast.stmt | ast.excepthandler)]
        around = [head for head in heads if line in head]
        return min(around, key=len, default=range(line, line + 1))

    def line(self, number: int) -> str:
        """Its text, counted from 1."""
        return self.text.splitlines()[number - 1]

    def defined_at(self, line: int) -> set[str]:
        """The names that the statement at a line defines: a constant, a field, a function."""
        lines = self.statement_at(line)
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno in lines:
                found |= {name.id for name in ast.walk(node) if _is_target(name)}  # type: ignore[attr-defined]
        return found

    def imported(self) -> set[str]:
        """The names that it imports from other modules."""
        imports = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        return {alias.name for node in imports for alias in node.names}

    def class_at(self, line: int) -> set[str]:
        """The name of the innermost class around a line, if there is one."""
        classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        around = [one for one in classes if one.lineno <= line <= (one.end_lineno or one.lineno)]
        return {max(around, key=lambda one: one.lineno).name} if around else set()


def product_files(root: Path) -> list[str]:
    """The product's hand-written modules, relative to the root."""
    found = (str(path.relative_to(root)) for area in AREAS.values() for path in sorted((root / area).rglob("*.py")))
    return [path for path in found if _GENERATED not in f"/{path}"]


def area_of(path: str) -> str:
    """The area that a product's file belongs to."""
    return next(area for area, package in AREAS.items() if path.startswith(package))


@cache
def module(root: Path, path: str) -> Module:
    """Read and parse a module."""
    text = (root / path).read_text()
    tree = ast.parse(text)
    return Module(path, text, tree, tuple(_functions(tree, text.splitlines(), "")))


def mentions(module: Module, names: set[str]) -> list[Function]:
    """The functions of a module in which one of the names occurs."""
    if not mentioned(names, module.text):
        return []
    lines = module.text.splitlines()
    return [one for one in module.functions if mentioned(names, "\n".join(lines[one.first - 1 : one.last]))]


def mentioned(names: set[str], text: str) -> bool:
    """Whether one of the names occurs in a text."""
    return any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


def _functions(node: ast.AST, lines: list[str], prefix: str) -> list[Function]:
    found = []
    for child in ast.iter_child_nodes(node):
        name = (
            f"{prefix}{child.name}" if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else ""
        )
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            last = child.end_lineno or child.lineno
            text = textwrap.dedent("\n".join(lines[first - 1 : last]))
            key = hashlib.sha256(text.encode()).hexdigest()[:16]
            found.append(Function(name, key, first, child.body[0].lineno, last))
        found += _functions(child, lines, f"{name}." if name else prefix)
    return found


def _is_protocol(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id == "Protocol"


def _head(node: ast.stmt | ast.excepthandler) -> range:
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
    return range(node.lineno, max(last, node.lineno) + 1)


def _is_target(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
