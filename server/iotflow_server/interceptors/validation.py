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
from iotflow_server.interceptors.middleware import CallScope, Context, Handler
from iotflow_server.interceptors.request_fields import has_empty_fields, path_fields
from iotflow_server.interceptors.rest_responses import from_rest
from iotflow_server.interceptors.serialization import MalformedRequest

# The size of a status is limited. Further names are omitted.
NAMES = 8
AT_LEAST_ONE = {"string.min_len", "repeated.min_items", "bytes.min_len", "map.min_pairs"}


class Validation:
    """Runs protovalidate on every unary request. Streamed requests are validated where they are read."""

    def wrap(self, method: str, handler: Handler) -> CallScope | None:
        if handler.request_streaming:
            return None
        in_path = frozenset(field.name for field in path_fields(method))

        @asynccontextmanager
        async def validate(request: Any, context: Context) -> AsyncIterator[None]:
            if isinstance(request, MalformedRequest):
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
    violations = [(field := field_path(item), _sentence(field, item)) for item in found]
    (field, message), *others = violations
    raise InvalidArgument(field, message + hint(), others=others)


def _hint(request: Message, in_path: Collection[str], context: Context) -> Callable[[], str]:
    """A hint for callers of REST, whose gateway drops unknown fields."""
    needs_hint = from_rest(context) and not has_empty_fields(request)
    return partial(_no_known_field, request, in_path) if needs_hint else str


def field_path(violation: protovalidate.Violation) -> str:
    """The field in the notation of REST: readings[2].data."""
    parts = []
    path = violation.proto.field
    for element in path.elements if path else ():
        index = element.subscript
        parts.append(f"{element.field_name}[{index.value}]" if index else element.field_name)
    return ".".join(parts)


def _sentence(field: str, violation: protovalidate.Violation) -> str:
    """The message of the rule as a sentence about the field."""
    rule, message = violation.proto.rule_id, violation.proto.message or violation.proto.rule_id
    if rule == "required" or (rule in AT_LEAST_ONE and not violation.field_value):
        return f"{field} is required."
    if rule.endswith(".in"):
        words = ", ".join(str(word) for word in violation.rule_value if word)
        return f"{field} must be one of {words}." if violation.field_value else f"{field} is required: one of {words}."
    if not field:
        return f"{message[:1].upper()}{message[1:]}."
    return f"{field} {_plain(message)}." if message.startswith("must ") else f"{field}: {message}."


def _no_known_field(request: Message, in_path: Collection[str]) -> str:
    """A sentence for a request without any known field; "" if it has one."""
    if any(field.name not in in_path for field, _ in request.ListFields()):
        return ""
    names = [field.name for field in request.DESCRIPTOR.fields if field.name not in in_path]
    more = ", …" if len(names) > NAMES else ""
    return f" The request has none of the fields {', '.join(names[:NAMES])}{more}; others are ignored." if names else ""


def _plain(message: str) -> str:
    return (
        message.replace("greater than or equal to ", "at least ")
        .replace("less than or equal to ", "at most ")
        .replace("no more than ", "at most ")
        .replace("(s)", "s")
    )
