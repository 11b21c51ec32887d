"""The difference of two configurations, key by key."""

from collections.abc import Iterator, Mapping
from typing import Any


def differences(desired: Mapping[str, Any], reported: Mapping[str, Any], path: str = "") -> Iterator[dict[str, Any]]:
    """The keys of the desired configuration whose values the device does not report. Keys of objects are joined by dots."""
    for key, value in desired.items():
        place = f"{path}.{key}" if path else key
        if key not in reported:
            yield {"key": place, "desired": value}
        elif isinstance(value, dict) and isinstance(reported[key], dict):
            yield from differences(value, reported[key], place)
        elif value != reported[key]:
            yield {"key": place, "desired": value, "reported": reported[key]}
