"""A desired configuration beside the reported one."""

from typing import Any

from iotflow.readings.document import EXACT


def merged(document: Any, patch: Any) -> Any:
    """The document with the patch applied, as RFC 7396 has it: null removes a key, objects merge, all else replaces."""
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
    """What of desired is not reported so; what is reported besides is no difference. Empty: all of it is."""
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
    """As JSON has it: true is not 1, at whatever depth."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if type(one) is not type(other) and str in (type(one), type(other)):
        # Devices are shown whole numbers beyond 2^53 as texts, and may report them so.
        return int in (type(one), type(other)) and str(one) == str(other) and abs(int(one)) > EXACT
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
