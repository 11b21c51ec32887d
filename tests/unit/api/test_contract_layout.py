"""The files of the contract: requests and responses are beside their RPCs, and other messages in the files of their resources."""

import pkgutil
from importlib import import_module

import pytest
from google.protobuf.descriptor import FileDescriptor

from iotflow import v1

FILES: list[FileDescriptor] = [
    import_module(f"{v1.__name__}.{module.name}").DESCRIPTOR
    for module in pkgutil.iter_modules(v1.__path__)
    if module.name.endswith("_pb2")
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_requests_and_responses_are_beside_their_rpcs(file: FileDescriptor) -> None:
    beside_rpcs = {name for name in file.message_types_by_name if name.endswith(("Request", "Response"))}
    is_service = file.name.endswith("_service.proto")
    assert bool(file.services_by_name) is is_service
    assert beside_rpcs == (set(file.message_types_by_name) if is_service else set())
