"""The files of the contract: requests and responses stand beside their RPCs, all other messages in the file of their resource."""

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
def test_requests_and_responses_stand_beside_their_rpcs_and_nothing_else_does(file: FileDescriptor) -> None:
    beside_rpcs = {name for name in file.message_types_by_name if name.endswith(("Request", "Response"))}
    is_service = file.name.endswith("_service.proto")
    assert bool(file.services_by_name) is is_service
    assert beside_rpcs == (set(file.message_types_by_name) if is_service else set())
