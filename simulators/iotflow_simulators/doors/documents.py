"""JSON documents of the service. A peer that is none may send any form."""

from typing import Any, TypeVar

from iotflow_simulators.doors.link import Listener

T = TypeVar("T")
_REQUIRED: Any = object()


class MalformedDocument(ValueError):
    """A peer sent a document without the form of the contract."""


def value_of(content: Any, key: str, kind: type[T], default: T = _REQUIRED) -> T:
    """The value of a key of an object. default: where it is absent or null. Raises MalformedDocument."""
    if not isinstance(content, dict):
        raise MalformedDocument(f"an object is expected, and not {str(content)[:40]}")
    value = content.get(key)
    if value is None and default is not _REQUIRED:
        return default
    if not isinstance(value, kind):
        raise MalformedDocument(f"{key!r} has the value {str(value)[:40]}")
    return value


def deliver_command(listener: Listener, content: Any, number: str) -> None:
    """Pass a command on. number: the key of its id. Raises MalformedDocument."""
    parameters: dict[str, Any] = value_of(content, "parameters", dict, {})
    listener.command(value_of(content, number, int), value_of(content, "name", str), parameters)
