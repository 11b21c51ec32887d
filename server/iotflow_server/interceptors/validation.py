"""Requests are checked against the rules in the contract, once, before any code sees them."""

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
    """protovalidate on every request that is one message; streams of requests are checked where they are read."""

    def wrap(self, method: str, handler: Handler) -> CallScope | None:
        if handler.request_streaming:
            return None
        in_path = frozenset(field.name for field in path_fields(method))

        @asynccontextmanager
        async def validate(request: Any, context: Context) -> AsyncIterator[None]:
            if isinstance(request, Malformed):
                raise ambiguous(request.field) if request.field else malformed()
            hint = _hint(request, in_path, context)
            # Of a body there are no rules; of other requests each element is looked at, those of documents too.
            size = 0 if isinstance(request, HttpBody) else request.ByteSize()
            await run_by_size(size, check, request, hint)
            yield

        return validate


def ambiguous(field: str) -> InvalidArgument:
    """What a caller is told whose path, query and body do not agree."""
    message = f"{field} has two values in this request: the path, the query and the body must agree on it, however it is spelled."
    return InvalidArgument(field, message, "AMBIGUOUS_FIELD")


def malformed() -> InvalidArgument:
    """What a caller is told whose bytes are no message."""
    return InvalidArgument("", "the request cannot be read: malformed, not UTF-8, or nested too deeply", "MALFORMED")


def check(request: Message, hint: Callable[[], str] = str) -> None:
    """Raise InvalidArgument with every field that breaks a rule; hint: what the message says beyond that."""
    found = protovalidate.collect_violations(request)
    if not found:
        return
    violations = [(field := field_path(item), sentence(field, item)) for item in found]
    (field, message), *others = violations
    raise InvalidArgument(field, message + hint(), others=others)


def _hint(request: Message, in_path: Collection[str], context: Context) -> Callable[[], str]:
    """For callers of REST: the gateway leaves out fields that the contract does not have."""
    is_told = from_rest(context) and not has_empty_fields(request)
    return partial(nothing_known, request, in_path) if is_told else str


def field_path(violation: protovalidate.Violation) -> str:
    """The field as REST writes it: readings[2].data."""
    parts = []
    path = violation.proto.field
    for element in path.elements if path else ():
        index = element.subscript
        parts.append(f"{element.field_name}[{index.value}]" if index else element.field_name)
    return ".".join(parts)
