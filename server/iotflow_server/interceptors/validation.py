"""Validates requests against the rules in the contract, once, before their handler runs."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import protovalidate
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message

from iotflow_server.compute_thread import run_by_size
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.empty_fields import has_empty_fields
from iotflow_server.interceptors.middleware import CallScope, Context, Handler, Malformed
from iotflow_server.interceptors.path_fields import path_fields
from iotflow_server.interceptors.violation_messages import nothing_known, sentence
from iotflow_server.rpc.http_status import from_rest


class Validation:
    """Runs protovalidate on every unary request. Streamed requests are validated where they are read."""

    def wrap(self, method: str, handler: Handler) -> CallScope | None:
        if handler.request_streaming:
            return None
        in_path = frozenset(field.name for field in path_fields(method))

        @asynccontextmanager
        async def validate(request: Any, context: Context) -> AsyncIterator[None]:
            if isinstance(request, Malformed):
                raise ambiguous(request.field) if request.field else malformed()
            hint = _hint(request, in_path, context)
            # A raw body has no rules. In other requests every element is examined, also inside documents.
            size = 0 if isinstance(request, HttpBody) else request.ByteSize()
            await run_by_size(size, check, request, hint)
            yield

        return validate


def ambiguous(field: str) -> InvalidArgument:
    """The error for different values of a field in path, query and body."""
    message = (
        f"{field} has two values in this request: path, query and body must have the same value, in every spelling."
    )
    return InvalidArgument(field, message, "AMBIGUOUS_FIELD")


def malformed() -> InvalidArgument:
    """The error for bytes that cannot be parsed."""
    return InvalidArgument(
        "", "The request cannot be parsed: it is malformed, not UTF-8, or nested too deeply.", "MALFORMED"
    )


def check(request: Message, hint: Callable[[], str] = str) -> None:
    """Raise InvalidArgument with every field that violates a rule. hint: returns a sentence to add to the message."""
    found = protovalidate.collect_violations(request)
    if not found:
        return
    violations = [(field := field_path(item), sentence(field, item)) for item in found]
    (field, message), *others = violations
    raise InvalidArgument(field, message + hint(), others=others)


def _hint(request: Message, in_path: Collection[str], context: Context) -> Callable[[], str]:
    """A hint for callers of REST, whose gateway drops unknown fields."""
    needs_hint = from_rest(context) and not has_empty_fields(request)
    return partial(nothing_known, request, in_path) if needs_hint else str


def field_path(violation: protovalidate.Violation) -> str:
    """The field in the notation of REST: readings[2].data."""
    parts = []
    path = violation.proto.field
    for element in path.elements if path else ():
        index = element.subscript
        parts.append(f"{element.field_name}[{index.value}]" if index else element.field_name)
    return ".".join(parts)
