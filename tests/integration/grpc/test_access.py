"""Every RPC is open to the roles that the contract states for it, and to no other."""

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import methods, path
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.token_service_pb2 import CreateTokenRequest
from iotflow.words import Role
from iotflow_server.auth.permissions import permissions
from tests.integration.grpc.command_streams import Metadata
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import reason
from tests.support.admin_stubs import AdminStubs

OPEN_TO = permissions(public_reads=False, public_diagnostics=False)
# Not a valid message of any method: callers that pass the check of roles get an error about it.
NO_MESSAGE = b"\xff"
PATIENCE = 20.0


@pytest.fixture
def credentials(
    devices: DeviceServiceStub, admin: AdminStubs, admin_metadata: Metadata, request: pytest.FixtureRequest
) -> dict[Role, Metadata]:
    """The credentials of a caller of each role."""
    name = request.node.name[-60:].replace("/", "|")
    shown: dict[Role, Metadata] = {Role.ANONYMOUS: (), Role.DEVICE: register(devices, name).metadata}
    for role in (Role.GATEWAY, Role.REGISTRAR, Role.VIEWER, Role.ADMIN):
        made = admin.tokens.CreateToken(CreateTokenRequest(name=f"{role} {name}", role=role), metadata=admin_metadata)
        shown[role] = (("authorization", f"Bearer {made.secret}"),)
    return shown


def refusal(channel: Any, method: MethodDescriptor, metadata: Metadata) -> grpc.RpcError:
    """The status of the call."""
    with pytest.raises(grpc.RpcError) as caught:
        if method.server_streaming:
            next(channel.unary_stream(path(method))(NO_MESSAGE, metadata=metadata, timeout=PATIENCE))
        else:
            channel.unary_unary(path(method))(NO_MESSAGE, metadata=metadata, timeout=PATIENCE)
    return caught.value


@pytest.mark.parametrize("method", [method for method in methods() if not method.client_streaming], ids=path)
def test_an_rpc_is_open_to_its_roles_only(
    grpc_channel: Any, credentials: dict[Role, Metadata], method: MethodDescriptor
) -> None:
    open_to = OPEN_TO[path(method)] or frozenset(Role)
    for role, metadata in credentials.items():
        error = refusal(grpc_channel, method, metadata)
        if role in open_to:
            assert reason(error) == "MALFORMED", role
        else:
            assert reason(error) == ("CREDENTIAL_REQUIRED" if role is Role.ANONYMOUS else "WRONG_ROLE"), role


@pytest.mark.parametrize("method", [method for method in methods() if method.client_streaming], ids=path)
def test_a_stream_rejects_other_roles(
    grpc_channel: Any, credentials: dict[Role, Metadata], method: MethodDescriptor
) -> None:
    for role, metadata in credentials.items():
        if role in OPEN_TO[path(method)]:
            continue
        call = grpc_channel.stream_stream(path(method))(iter(()), metadata=metadata, timeout=PATIENCE)
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        assert reason(caught.value) == ("CREDENTIAL_REQUIRED" if role is Role.ANONYMOUS else "WRONG_ROLE"), role
