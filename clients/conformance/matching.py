"""Comparison of answers and events with what a scenario expects."""

from collections.abc import Mapping
from typing import Any

_BOUNDS = {"at_least", "at_most", "one_of", "mentions"}


def mismatch(expected: Any, found: Any, name: str = "answer") -> str:
    """A sentence about the first difference; empty where `found` fits.

    A mapping fits where each of its keys does; other keys of `found` do not matter. {at_least, at_most} fits numbers between
    them, {one_of} each value of a list, {mentions} a text with one of these parts in any case. Anything else fits what is
    equal.
    """
    if isinstance(expected, Mapping) and expected and expected.keys() <= _BOUNDS:
        return _bounds(expected, found, name)
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        complaints = (mismatch(value, found.get(key), f"{name}.{key}") for key, value in expected.items())
        return next((complaint for complaint in complaints if complaint), "")
    return "" if expected == found else f"{name} is {found!r}, and {expected!r} is expected."


def _bounds(expected: Mapping[str, Any], found: Any, name: str) -> str:
    if "one_of" in expected:
        return (
            ""
            if found in expected["one_of"]
            else f"{name} is {found!r}, and one of {expected['one_of']!r} is expected."
        )
    if "mentions" in expected:
        return _mentions(expected["mentions"], found, name)
    if not isinstance(found, int | float):
        return f"{name} is {found!r}, and a number is expected."
    if found < expected.get("at_least", found):
        return f"{name} is {found}, and at least {expected['at_least']} is expected."
    if found > expected.get("at_most", found):
        return f"{name} is {found}, and at most {expected['at_most']} is expected."
    return ""


def _mentions(parts: list[str], found: Any, name: str) -> str:
    if isinstance(found, str) and any(part.casefold() in found.casefold() for part in parts):
        return ""
    return f"{name} is {found!r}, and one of {parts!r} is expected in it."
