"""The services of the contract at run time, from the generated stubs."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from google.api import annotations_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import EnumValueDescriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor

from iotflow import v1
from iotflow.v1 import options_pb2, words_pb2

# Ids of devices are of the type int32.
LARGEST_DEVICE_ID = 2**31 - 1
# Added to the number of a field; protobuf reserves the numbers from 19000 on.
_REST_NUMBERS = 10_000


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


def method_of(path: str) -> MethodDescriptor | None:
    """The method that a call names so; None: the contract and gRPC's own services have no such method."""
    try:
        found: MethodDescriptor = descriptor_pool.Default().FindMethodByName(path.strip("/").replace("/", "."))
    except KeyError:
        return None
    return found


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


def is_json_number(field: FieldDescriptor) -> bool:
    """Whether REST shows this 64-bit field as a JSON number."""
    found: bool = field.GetOptions().Extensions[options_pb2.json_number]
    return found


def rest_number(number: int) -> int:
    """The number of the field, a double, from which the REST gateway prints the 64-bit field of this number.

    Protobuf prints 64-bit fields as JSON strings, and the gateway has no option for that. The gateway reads a copy of the
    contract in which the field is such a double; answers to REST carry the value under both numbers.
    """
    return _REST_NUMBERS + number
