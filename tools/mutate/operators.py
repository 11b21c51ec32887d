"""Cosmic Ray's operators, and three of our own: a call that is left out, a value that is not returned, an error that is not caught."""

import re
from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator, operator_names

# Identity and equality are one for the members of enums, for None and for types.
# ExceptionReplacer fails at `except module.Error`.
_LEFT_OUT = re.compile(r"ReplaceComparisonOperator_(Is_Eq|Eq_Is|IsNot_NotEq|NotEq_IsNot)|ExceptionReplacer")
_DECLARING = re.compile(r"@(abstractmethod|override|final)\b")
# They declare what correct code never does.
_KEYWORDS = ("strict", "slots", "frozen", "kw_only")
# Log lines are for people; without one nothing else behaves differently.
_LOGGING = ("log.", "self._log.", "logging.")


class RemoveCall(Operator):  # type: ignore[misc]
    """Replaces a statement that is a call, awaited or not, by `pass`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Where such a statement is."""
        if _is_call(node) and not node.get_code().strip().startswith(_LOGGING):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        """The node to be instead."""
        return parso.python.tree.Name("pass", node.start_pos, prefix=_prefix(node))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """As Cosmic Ray documents its operators."""
        return (Example("x.close()", "pass"), Example("await x.close()", "pass"))


class ReturnNone(Operator):  # type: ignore[misc]
    """Returns None instead of an expression."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Where a value is returned."""
        if node.type == "return_stmt" and node.children[1].get_code().strip() != "None":
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        """The node with the value replaced."""
        node.children[1] = parso.python.tree.Name("None", node.children[1].start_pos, prefix=" ")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """As Cosmic Ray documents its operators."""
        return (Example("def f(): return 1", "def f(): return None"),)


class ReplaceException(Operator):  # type: ignore[misc]
    """Catches an exception that nothing raises, instead of others."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Where classes of exceptions are named."""
        if node.type == "except_clause":
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        """The node with the classes replaced."""
        node.children[1] = parso.python.tree.Name("NotImplementedError", node.children[1].start_pos, prefix=" ")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """As Cosmic Ray documents its operators."""
        before = "try: f()\nexcept module.Error as error: pass"
        return (Example(before, before.replace("module.Error", "NotImplementedError")),)


def operators() -> dict[str, Operator]:
    """Name → operator, without those that need arguments."""
    classes = {name.partition("/")[2]: get_operator(name) for name in operator_names()}
    return {
        **{name: made() for name, made in classes.items() if not made.arguments() and not _LEFT_OUT.fullmatch(name)},
        "RemoveCall": RemoveCall(),
        "ReplaceException": ReplaceException(),
        "ReturnNone": ReturnNone(),
    }


def changes_nothing(node: Any) -> bool:
    """Whether the product behaves alike without this: annotations and aliases of types, `strict=` and the like, `*` of parameters."""
    if node.type == "decorator":
        return bool(_DECLARING.match(node.get_code().strip()))
    return _is_parameter_mark(node) or _is_keyword_argument(node) or any(map(_is_type, _upwards(node)))


def _is_call(node: Any) -> bool:
    if node.type not in ("atom_expr", "power") or node.parent.type not in ("simple_stmt", "suite"):
        return False
    last = node.children[-1]
    return bool(last.type == "trailer" and last.children[0].value == "(")


def _prefix(node: Any) -> str:
    return str(node.get_first_leaf().prefix)


def _upwards(node: Any) -> Iterator[tuple[Any, Any]]:
    while node.parent:
        yield node, node.parent
        node = node.parent


def _is_type(pair: tuple[Any, Any]) -> bool:
    node, parent = pair
    if parent.type == "funcdef":
        return node is parent.annotation
    if parent.type == "tfpdef":
        return node is not parent.children[0]
    if parent.type == "annassign":
        return node is parent.children[1]
    if parent.type in ("trailer", "subscriptlist"):
        # Such as Callable[[], str | None]; the product has no other `|` in an index.
        return bool(node.type == "expr")
    return bool(node.type == "expr" and parent.type == "expr_stmt" and parent.parent.parent.type == "file_input")


def _is_parameter_mark(node: Any) -> bool:
    return node.type == "operator" and node.parent.type in ("parameters", "param")


def _is_keyword_argument(node: Any) -> bool:
    argument = node.parent
    return bool(node.type == "keyword" and argument.type == "argument" and argument.children[0].value in _KEYWORDS)
