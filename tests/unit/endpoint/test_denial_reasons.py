"""The log names the reason of a rejected login."""

import grpc
import pytest

from iotflow.mqtt_topics import REGISTRAR
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.endpoint.access_control import AccessControl, AnonymousAccess
from iotflow_gateway.topics import Topics

UNKNOWN = "no device has this id or name"
INACTIVE = "the device is inactive; an admin can set it active"


@pytest.fixture
async def access() -> AccessControl:
    directory = Directory()
    directory.put(DeviceAccount(1, "lamp", "active", ""))
    directory.put(DeviceAccount(2, "pump", "inactive", ""))
    directory.put(DeviceAccount(3, "valve", "maintenance", ""))
    return AccessControl(
        channel=grpc.aio.insecure_channel("127.0.0.1:1"),
        metadata=(),
        directory=directory,
        topics=Topics("p"),
        adapter=("adapter", "secret"),
        anonymous=AnonymousAccess(register=False, publish=False),
    )


@pytest.mark.parametrize(
    ("username", "reason"),
    [
        ("", "a client without a login: registration is not open, and IOTFLOW_GATEWAY_ANONYMOUS is false"),
        ("adapter", "wrong password"),
        (REGISTRAR, "wrong password"),
        ("0", UNKNOWN),
        ("4", UNKNOWN),
        ("another lamp", UNKNOWN),
        ("1", "wrong key"),
        ("lamp", "wrong key"),
        ("2", INACTIVE),
        ("pump", INACTIVE),
        ("3", "wrong key"),
        ("valve", "wrong key"),
    ],
)
async def test_the_reason_of_a_rejected_login(access: AccessControl, username: str, reason: str) -> None:
    assert access.denial_reason(username) == reason
