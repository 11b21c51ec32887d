"""ImportDevices registers the devices of each message, and answers with their keys."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from uuid import uuid4

import grpc
import pytest

from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest, RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import GetDeviceRequest
from iotflow.v1.mqtt_pb2 import MqttAccount
from iotflow.v1.mqtt_service_pb2 import WatchAccountsRequest, WatchAccountsResponse
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow.v1.token_service_pb2 import CreateTokenRequest, RevokeTokenRequest
from tests.integration.grpc.import_streams import PATIENCE, ImportStream, Metadata, importing
from tests.support.admin_stubs import AdminStubs

Open = Callable[[], AbstractContextManager[ImportStream]]
LARGEST_MESSAGE = 16 * 2**20


@pytest.fixture
def import_id() -> str:
    return str(uuid4())


@pytest.fixture
def opened(admin: AdminStubs, admin_metadata: Metadata, import_id: str) -> Open:
    return lambda: importing(admin.fleet, admin_metadata, import_id)


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """Of the names of the test."""
    name: str = request.node.name
    return f"{name[:30]}{uuid4().hex[:8]}"


def uses(devices: DeviceServiceStub, key: str) -> int:
    """The id of the device that uses the key."""
    return devices.GetDeviceStatus(GetDeviceStatusRequest(), metadata=(("x-api-key", key),)).device.id


def refusal(stream: ImportStream) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        stream.next()
    return raised.value.code(), raised.value.details() or ""


def test_devices_are_registered_as_sent(
    opened: Open, admin: AdminStubs, admin_metadata: Metadata, devices: DeviceServiceStub, prefix: str
) -> None:
    sent = RegisterDeviceRequest(
        name=f"{prefix} a", description="b", location="c", firmware_version="d", hardware_version="e"
    )
    with opened() as stream:
        stream.put([sent, RegisterDeviceRequest(name=f"{prefix} pump", device_type="pump")])
        answer = stream.next()
        assert not stream.end()
    first, second = answer.imported
    assert (answer.sequence, first.index, second.index, list(answer.rejected)) == (1, 0, 1, [])
    device = admin.fleet.GetDevice(GetDeviceRequest(device_id=first.device_id), metadata=admin_metadata).device
    for field, value in sent.ListFields():
        assert getattr(device, field.name) == value
    assert (device.device_type, device.status) == ("sensor", "active")
    assert uses(devices, first.api_key) == first.device_id
    assert uses(devices, second.api_key) == second.device_id


def test_answers_follow_the_order_of_the_messages(opened: Open, prefix: str) -> None:
    with opened() as stream:
        for number in range(20):
            stream.put_names([f"{prefix} {number} {one}" for one in range(50)])
        answers = stream.end()
    assert [answer.sequence for answer in answers] == list(range(1, 21))
    ids = [one.device_id for answer in answers for one in answer.imported]
    assert len(set(ids)) == 1_000
    assert len({one.api_key for answer in answers for one in answer.imported}) == 1_000


INVALID = {
    "name": RegisterDeviceRequest(name="a" * 101),
    "device_type": RegisterDeviceRequest(name="ok", device_type="a#"),
    "description": RegisterDeviceRequest(name="ok", description="a" * 2_001),
    "location": RegisterDeviceRequest(name="ok", location="a" * 201),
    "firmware_version": RegisterDeviceRequest(name="ok", firmware_version="a" * 51),
    "hardware_version": RegisterDeviceRequest(name="ok", hardware_version="\0"),
}


@pytest.mark.parametrize("field", INVALID)
def test_an_invalid_device_is_rejected_alone(opened: Open, prefix: str, field: str) -> None:
    with opened() as stream:
        stream.put([RegisterDeviceRequest(name=f"{prefix}1"), INVALID[field], RegisterDeviceRequest(name=f"{prefix}2")])
        answer = stream.next()
        stream.put([INVALID[field]])
        assert [one.index for one in stream.next().rejected] == [0]
    assert [one.index for one in answer.imported] == [0, 2]
    [rejected] = answer.rejected
    assert (rejected.index, rejected.reason, rejected.retryable) == (1, "INVALID_ARGUMENT", False)
    assert rejected.message.startswith(field)


def test_devices_at_the_limits_are_accepted(opened: Open, prefix: str) -> None:
    names = [f"{number:03}{prefix}".ljust(100, "x")[:100] for number in range(1_000)]
    with opened() as stream:
        stream.put(
            [
                RegisterDeviceRequest(
                    name=name,
                    device_type="t" * 50,
                    description="d" * 2_000,
                    location="l" * 200,
                    firmware_version="f" * 50,
                    hardware_version="h" * 50,
                )
                for name in names
            ]
        )
        assert len(stream.next().imported) == 1_000


@pytest.mark.parametrize(
    ("count", "sequence", "problem"),
    [
        (1_001, 1, "devices must contain at most 1000 items"),
        (0, 1, "devices is required"),
        (1, 0, "sequence must be at least 1"),
        (1, -1, "sequence must be"),
    ],
)
def test_a_message_beyond_the_limits_ends_the_stream(
    opened: Open, prefix: str, count: int, sequence: int, problem: str
) -> None:
    with opened() as stream:
        stream.put([RegisterDeviceRequest(name=f"{prefix} {number}") for number in range(count)], sequence)
        code, details = refusal(stream)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(problem)


def test_a_sequence_must_rise(opened: Open, prefix: str) -> None:
    with opened() as stream:
        stream.put([RegisterDeviceRequest(name=f"{prefix} 1")], 5)
        assert stream.next().sequence == 5
        stream.put([RegisterDeviceRequest(name=f"{prefix} 2")], 5)
        code, details = refusal(stream)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "5" in details


def test_an_import_id_must_be_a_uuid(admin: AdminStubs, admin_metadata: Metadata, prefix: str) -> None:
    with importing(admin.fleet, admin_metadata, "spring") as stream:
        stream.put_names([prefix])
        code, details = refusal(stream)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("import_id")


def test_a_message_above_the_size_limit_is_rejected(opened: Open, prefix: str) -> None:
    with opened() as stream:
        stream.put([RegisterDeviceRequest(name=prefix, description="d" * LARGEST_MESSAGE)])
        code, _ = refusal(stream)
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("role", ["viewer", "registrar", "gateway"])
def test_only_admins_import(
    admin: AdminStubs, admin_metadata: Metadata, import_id: str, prefix: str, role: str
) -> None:
    made = admin.tokens.CreateToken(CreateTokenRequest(name=prefix, role=role), metadata=admin_metadata)
    with importing(admin.fleet, (("authorization", f"Bearer {made.secret}"),), import_id) as stream:
        stream.put_names([prefix])
        assert refusal(stream)[0] is grpc.StatusCode.PERMISSION_DENIED


def test_a_revoked_token_ends_the_import(
    admin: AdminStubs, admin_metadata: Metadata, import_id: str, prefix: str
) -> None:
    made = admin.tokens.CreateToken(CreateTokenRequest(name=prefix, role="admin"), metadata=admin_metadata)
    with importing(admin.fleet, (("authorization", f"Bearer {made.secret}"),), import_id) as stream:
        stream.put_names([prefix])
        assert len(stream.next().imported) == 1
        admin.tokens.RevokeToken(RevokeTokenRequest(token_id=made.token.id), metadata=admin_metadata)
        assert refusal(stream)[0] is grpc.StatusCode.UNAUTHENTICATED


def test_a_cut_stream_is_continued_with_new_keys(opened: Open, devices: DeviceServiceStub, prefix: str) -> None:
    names = [f"{prefix} {number}" for number in range(100)]
    with opened() as stream:
        stream.put_names(names)
        lost = stream.next()
    with opened() as stream:
        stream.put_names(names)
        again = stream.next()
        assert not again.rejected
    assert [one.device_id for one in again.imported] == [one.device_id for one in lost.imported]
    assert {one.api_key for one in again.imported}.isdisjoint(one.api_key for one in lost.imported)
    assert uses(devices, again.imported[7].api_key) == again.imported[7].device_id
    with opened() as stream:
        stream.put_names(names)
        third = stream.next()
    assert [(one.index, one.reason, one.device_id) for one in third.rejected] == [
        (7, "NAME_TAKEN", again.imported[7].device_id)
    ]


def test_adapters_receive_the_accounts_of_imported_devices(
    opened: Open, grpc_channel: grpc.Channel, admin_metadata: Metadata, prefix: str
) -> None:
    names = {f"{prefix} {number}" for number in range(25)}
    call = MqttServiceStub(grpc_channel).WatchAccounts(
        WatchAccountsRequest(page_size=10), metadata=admin_metadata, timeout=PATIENCE
    )
    changes = _changes(call)
    with opened() as stream:
        stream.put_names(sorted(names))
        imported = {one.device_id for one in stream.next().imported}
    received: dict[int, MqttAccount] = {}
    while set(received) < imported:
        received |= {account.device_id: account for account in next(changes)}
    assert {account.name for account in received.values()} == names
    assert all(account.verifier.startswith("$7$") for account in received.values())
    call.cancel()


def _changes(call: Iterator[WatchAccountsResponse]) -> Iterator[list[MqttAccount]]:
    """The changed accounts, after the first, full list."""
    while not next(call).HasField("caught_up"):
        pass
    return (list(answer.changes.accounts) for answer in call)
