"""REST operations: the HTTP bindings of the contract, each with the message of its body."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from iotflow.v1 import options_pb2
from tools.api.contract import Contract

HTTP_BODY = "google.api.HttpBody"
# The suffix of methods that take the body as bytes; their option json_body names the message of the JSON.
_SIBLING = "Json"


@dataclass(frozen=True)
class Operation:
    """number: of the binding in its method, from 1. body: the message of the body; None: there is no body. parameters: the fields
    in the URL's path and query."""

    method: MethodDescriptor
    number: int
    verb: str
    path: str
    body: Descriptor | None
    path_fields: tuple[str, ...]
    parameters: tuple[FieldDescriptor, ...]

    @property
    def fields(self) -> list[FieldDescriptor]:
        """The fields of the whole request."""
        return [*self.parameters, *(self.body.fields if self.body else ())]

    @property
    def name(self) -> str:
        """The method's name, without the suffix of methods that take bytes."""
        name: str = self.method.name
        return name.removesuffix(_SIBLING)


def operations(contract: Contract) -> Iterator[Operation]:
    """All bindings of all methods."""
    for method in contract.methods:
        for number, rule in enumerate(rules(method), 1):
            yield _operation(contract, method, number, rule)


def rules(method: MethodDescriptor) -> list[HttpRule]:
    """The bindings of a method; empty where it has gRPC only."""
    if not method.GetOptions().HasExtension(annotations_pb2.http):
        return []
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    return [rule, *rule.additional_bindings]


def typed_sibling(method: MethodDescriptor) -> MethodDescriptor | None:
    """The typed method beside a method that takes bytes, if there is one."""
    methods = method.containing_service.methods_by_name
    sibling: MethodDescriptor | None = methods.get(method.name.removesuffix(_SIBLING))
    return None if sibling is method else sibling


def _operation(contract: Contract, method: MethodDescriptor, number: int, rule: HttpRule) -> Operation:
    verb = rule.WhichOneof("pattern")
    path = getattr(rule, verb)
    in_path = tuple(re.findall(r"\{(\w+)\}", path))
    fields = method.input_type.fields_by_name
    in_query = [] if rule.body == "*" else [name for name in fields if name not in (*in_path, rule.body)]
    parameters = tuple(fields[name] for name in (*in_path, *in_query))
    return Operation(method, number, verb, path, _body(contract, method, rule), in_path, parameters)


def _body(contract: Contract, method: MethodDescriptor, rule: HttpRule) -> Descriptor | None:
    if not rule.body:
        return None
    whole = method.input_type
    taken = whole if rule.body == "*" else whole.fields_by_name[rule.body].message_type
    if taken is None or taken.full_name != HTTP_BODY:
        return taken
    named = method.GetOptions().Extensions[options_pb2.json_body]
    if not named:
        raise LookupError(f"{method.full_name} takes {HTTP_BODY} and lacks the option json_body.")
    return contract.message(named)
