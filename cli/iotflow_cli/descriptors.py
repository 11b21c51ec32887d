"""The parts of the contract that Envoy's configuration needs, from the generated stubs."""

from google.api import httpbody_pb2
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2

from iotflow.contract import bindings, methods, path, rest_number, services
from iotflow.v1 import options_pb2

# REST errors are google.rpc.Status. Its details have the type Any, so no file of the contract imports them.
ERRORS = (status_pb2, error_details_pb2, httpbody_pb2)

_WHOLE_NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
}


def descriptor_set() -> bytes:
    """The contract with its imports as a serialized FileDescriptorSet, each file after its imports."""
    files: dict[str, FileDescriptorProto] = {}
    for file in (*(service.file for service in services()), *(module.DESCRIPTOR for module in ERRORS)):
        _add(file, files)
    return FileDescriptorSet(file=files.values()).SerializeToString(deterministic=True)


def _add(file: FileDescriptor, files: dict[str, FileDescriptorProto]) -> None:
    if file.name in files:
        return
    for dependency in file.dependencies:
        _add(dependency, files)
    proto = FileDescriptorProto()
    file.CopyToProto(proto)
    for message in proto.message_type:
        _show_numbers(message)
    files[file.name] = proto


def _show_numbers(message: DescriptorProto) -> None:
    """Make doubles of the 64-bit fields that REST shows as numbers, see iotflow.contract.rest_number."""
    for field in message.field:
        if field.options.Extensions[options_pb2.json_number]:
            field.type = FieldDescriptorProto.TYPE_DOUBLE
            field.number = rest_number(field.number)
    for nested in message.nested_type:
        _show_numbers(nested)


def service_names() -> list[str]:
    """Full names of the services that have REST paths."""
    return [service.full_name for service in services()]


def streaming_methods() -> list[str]:
    """Streaming methods, as `package.Service/Method`."""
    return [
        path(method).removeprefix("/") for method in methods() if method.client_streaming or method.server_streaming
    ]


def whole_number_lists() -> list[str]:
    """Names of the query parameters that are lists of integers."""
    names = {
        field.name
        for method in methods()
        if any(bindings(method))
        for field in method.input_type.fields
        if field.is_repeated and field.cpp_type in _WHOLE_NUMBERS
    }
    return sorted(names)


def rest_paths() -> dict[str, list[str]]:
    """The templates of the REST paths, by HTTP method."""
    paths: dict[str, list[str]] = {}
    for method in methods():
        for verb, template in bindings(method):
            paths.setdefault(verb, []).append(template)
    return paths
