"""Comparison of desired and reported configurations."""

from typing import Any

from iotflow.readings.document import EXACT


def merged(document: Any, patch: Any) -> Any:
    """The document with the patch of RFC 7396: null removes a key, objects are merged, other values replace."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def difference(desired: dict[str, Any], reported: dict[str, Any]) -> dict[str, Any]:
    """The part of desired that differs from reported. Additional keys in reported are ignored. Empty: there is no difference."""
    found: dict[str, Any] = {}
    for key, wanted in desired.items():
        actual = reported.get(key)
        if isinstance(wanted, dict) and isinstance(actual, dict):
            if inner := difference(wanted, actual):
                found[key] = inner
        elif key not in reported or not equal(wanted, actual):
            found[key] = wanted
    return found


def equal(one: Any, other: Any) -> bool:
    """Equality of JSON values: true is not 1, at any depth."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if type(one) is not type(other) and str in (type(one), type(other)):
        # Integers above 2^53 are sent to devices as strings, and devices may report them as strings.
        return int in (type(one), type(other)) and str(one) == str(other) and abs(int(one)) > EXACT
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
