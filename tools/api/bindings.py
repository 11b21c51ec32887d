"""REST operations: each HTTP binding of the contract, with the message that its body stands for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from tools.api.contract import Contract

HTTP_BODY = "google.api.HttpBody"
# A method that takes the bytes as they came is named so; its comment names the message whose JSON they are.
_SIBLING = "Json"
_STANDS_FOR = re.compile(r"\bbody is the JSON of an? (\w+)")


@dataclass(frozen=True)
class Operation:
    """number: 1 for a method's first binding, then 2 and so on. body: what the JSON of the body is; None: there is no body.
    parameters: the fields of the URL's path and query."""

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
        """The RPC's name, without the mark of a method that takes bytes."""
        name: str = self.method.name
        return name.removesuffix(_SIBLING)


def operations(contract: Contract) -> Iterator[Operation]:
    """All bindings of all methods."""
    for method in contract.methods:
        for number, rule in enumerate(rules(method), 1):
            yield _operation(contract, method, number, rule)


def rules(method: MethodDescriptor) -> list[HttpRule]:
    """The bindings of a method; none where it is gRPC only."""
    if not method.GetOptions().HasExtension(annotations_pb2.http):
        return []
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    return [rule, *rule.additional_bindings]


def typed_sibling(method: MethodDescriptor) -> MethodDescriptor | None:
    """The method that a method for bytes stands beside, where there is one."""
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
    named = _STANDS_FOR.search(contract.comment(method.full_name))
    if named is None:
        raise LookupError(f"The comment of {method.full_name} does not say: The body is the JSON of a <message>.")
    return contract.message(named[1])
