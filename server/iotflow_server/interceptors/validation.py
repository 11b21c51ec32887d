"""Requests are checked against the rules in the contract, once, before any code sees them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import protovalidate
from google.protobuf.message import Message

from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.behaviours import Around, Context, Handler, Malformed


class Validation:
    """protovalidate on every request that is one message; streams of requests are checked where they are read."""

    def around(self, _method: str, handler: Handler) -> Around | None:
        return None if handler.request_streaming else _validate


@asynccontextmanager
async def _validate(request: Any, _context: Context) -> AsyncIterator[None]:
    if isinstance(request, Malformed):
        raise malformed()
    check(request)
    yield


def malformed() -> InvalidArgument:
    """What a caller is told whose bytes are no message."""
    return InvalidArgument("", "the request cannot be read: malformed, not UTF-8, or nested too deeply", "MALFORMED")


def check(request: Message) -> None:
    """Raise InvalidArgument with every field that breaks a rule."""
    found = protovalidate.collect_violations(request)
    if not found:
        return
    violations = [(field_path(item), item.proto.message or item.proto.rule_id) for item in found]
    (field, message), *others = violations
    raise InvalidArgument(field, message, others=others)


def field_path(violation: protovalidate.Violation) -> str:
    """The field as REST writes it: readings[2].data."""
    parts = []
    path = violation.proto.field
    for element in path.elements if path else ():
        index = element.subscript
        parts.append(f"{element.field_name}[{index.value}]" if index else element.field_name)
    return ".".join(parts)
