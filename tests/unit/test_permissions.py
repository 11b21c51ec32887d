"""The contract states the callers of every RPC."""

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import methods, path
from iotflow.words import Role
from iotflow_server.auth.permissions import access, permissions, roles


@pytest.mark.parametrize("method", list(methods()), ids=path)
def test_every_method_states_its_callers(method: MethodDescriptor) -> None:
    assert access(method).open is (not roles(method))


def test_a_method_without_the_option_is_an_error() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="none.proto", package="none", syntax="proto3")
    file.message_type.add(name="Empty")
    file.service.add(name="Service").method.add(name="Do", input_type=".none.Empty", output_type=".none.Empty")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    with pytest.raises(LookupError, match="none.Service.Do"):
        roles(pool.FindMethodByName("none.Service.Do"))


def test_methods_are_closed_to_anonymous_callers_unless_a_setting_or_the_contract_opens_them() -> None:
    closed = permissions(public_reads=False, public_diagnostics=False)
    assert [method for method, open_to in closed.items() if Role.ANONYMOUS in open_to] == [
        "/iotflow.v1.DeviceService/RegisterDevice"
    ]
