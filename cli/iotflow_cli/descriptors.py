"""What the gateway must know of the contract, read from the generated stubs so that it is written nowhere twice."""

from collections.abc import Iterator

from google.api import annotations_pb2, http_pb2, httpbody_pb2
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2

from iotflow.v1 import (
    admin_service_pb2,
    device_service_pb2,
    gateway_service_pb2,
    legacy_service_pb2,
    mqtt_service_pb2,
    system_service_pb2,
    telemetry_service_pb2,
)

SERVICES = (
    device_service_pb2,
    telemetry_service_pb2,
    admin_service_pb2,
    mqtt_service_pb2,
    gateway_service_pb2,
    system_service_pb2,
    legacy_service_pb2,
)
# Errors are shown as google.rpc.Status, which holds its details as Any: no file of the contract names them.
ERRORS = (status_pb2, error_details_pb2, httpbody_pb2)

_WHOLE_NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
}


def descriptor_set() -> bytes:
    """The contract and all it imports, as a serialized FileDescriptorSet: each file after what it imports."""
    files: dict[str, FileDescriptorProto] = {}
    for module in (*SERVICES, *ERRORS):
        _add(module.DESCRIPTOR, files)
    return FileDescriptorSet(file=files.values()).SerializeToString(deterministic=True)


def _add(file: FileDescriptor, files: dict[str, FileDescriptorProto]) -> None:
    if file.name in files:
        return
    for dependency in file.dependencies:
        _add(dependency, files)
    proto = FileDescriptorProto()
    file.CopyToProto(proto)
    files[file.name] = proto


def service_names() -> list[str]:
    """Full names of the services that have REST paths."""
    return [service.full_name for module in SERVICES for service in module.DESCRIPTOR.services_by_name.values()]


def streaming_methods() -> list[str]:
    """Calls that may last for ever, as `package.Service/Method`."""
    return [
        f"{method.containing_service.full_name}/{method.name}"
        for method in _methods()
        if method.client_streaming or method.server_streaming
    ]


def whole_number_lists() -> list[str]:
    """Names of the query parameters that are lists of whole numbers."""
    names = {
        field.name
        for method in _methods()
        if method.GetOptions().HasExtension(annotations_pb2.http)
        for field in method.input_type.fields
        if field.is_repeated and field.cpp_type in _WHOLE_NUMBERS
    }
    return sorted(names)


def rest_paths() -> dict[str, list[str]]:
    """The templates of the REST paths, by HTTP method."""
    paths: dict[str, list[str]] = {}
    for method in _methods():
        for rule in _rules(method):
            kind = rule.WhichOneof("pattern")
            paths.setdefault(kind.upper(), []).append(getattr(rule, kind))
    return paths


def _rules(method: MethodDescriptor) -> Iterator[http_pb2.HttpRule]:
    if method.GetOptions().HasExtension(annotations_pb2.http):
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        yield rule
        yield from rule.additional_bindings


def _methods() -> Iterator[MethodDescriptor]:
    for module in SERVICES:
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods
