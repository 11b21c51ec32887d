"""A field of a later contract is rejected in requests for keys and tokens, and ignored elsewhere."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from iotflow.v1.device_service_pb2 import RotateApiKeyRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import GetDeviceRequest, ResetDeviceKeyRequest
from iotflow.v1.token_service_pb2 import CreateTokenRequest
from tests.integration.grpc.command_streams import Admin
from tests.integration.grpc.device import Caller

# Field 1007, a text.
LATER = b"\xfa\x3e\x03new"


def with_later_field(request: Message) -> Any:
    return type(request).FromString(request.SerializeToString() + LATER)


REJECTING: dict[str, Callable[[Admin, DeviceServiceStub, Caller], object]] = {
    "CreateToken": lambda admin, _, __: admin.stub.tokens.CreateToken(
        with_later_field(CreateTokenRequest(name="later", role="viewer")), metadata=admin.metadata
    ),
    "ResetDeviceKey": lambda admin, _, device: admin.stub.fleet.ResetDeviceKey(
        with_later_field(ResetDeviceKeyRequest(device_id=device.id)), metadata=admin.metadata
    ),
    "RotateApiKey": lambda _, devices, device: devices.RotateApiKey(
        with_later_field(RotateApiKeyRequest()), metadata=device.metadata
    ),
}


@pytest.mark.parametrize("call", REJECTING.values(), ids=REJECTING)
def test_a_request_for_a_key_or_a_token_with_a_later_field_is_rejected(
    call: Callable[[Admin, DeviceServiceStub, Caller], object],
    admin_calls: Admin,
    devices: DeviceServiceStub,
    device: Caller,
) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        call(admin_calls, devices, device)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "1007" in str(refusal.value.details())


def test_another_request_with_a_later_field_is_answered(admin_calls: Admin, device: Caller) -> None:
    request = with_later_field(GetDeviceRequest(device_id=device.id))
    assert admin_calls.stub.fleet.GetDevice(request, metadata=admin_calls.metadata).device.id == device.id
