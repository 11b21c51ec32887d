"""The services of the contract at run time, from the generated stubs."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from google.api import annotations_pb2
from google.protobuf.descriptor import EnumValueDescriptor, MethodDescriptor, ServiceDescriptor

from iotflow import v1
from iotflow.v1 import words_pb2


def services() -> list[ServiceDescriptor]:
    """All services, in the order of their files' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(v1.__path__) if module.name.endswith("_service_pb2"))
    files = [import_module(f"{v1.__name__}.{name}").DESCRIPTOR for name in names]
    return [service for file in files for service in file.services_by_name.values()]


def methods() -> Iterator[MethodDescriptor]:
    """The methods of all services."""
    for service in services():
        yield from service.methods


def path(method: MethodDescriptor) -> str:
    """The path of a method in a call, such as /iotflow.v1.CommandService/SendCommand."""
    return f"/{method.containing_service.full_name}/{method.name}"


def bindings(method: MethodDescriptor) -> Iterator[tuple[str, str]]:
    """HTTP method and path template of each REST path of a method; none where it has gRPC only."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    for each in (rule, *rule.additional_bindings):
        verb = each.WhichOneof("pattern")
        if verb:
            yield verb.upper(), getattr(each, verb)


def word(value: EnumValueDescriptor) -> str:
    """The word of an enum value; empty where it has none."""
    found: str = value.GetOptions().Extensions[words_pb2.word]
    return found
