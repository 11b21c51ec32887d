"""WatchAccounts returns all accounts of MQTT devices, then each change."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from iotflow.v1 import device_pb2, device_service_pb2, fleet_service_pb2, mqtt_pb2, mqtt_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from tests.support.admin_stubs import AdminStubs

Metadata = tuple[tuple[str, str], ...]
PATIENCE = 20.0


@pytest.fixture
def mqtt(grpc_channel: grpc.Channel) -> MqttServiceStub:
    return MqttServiceStub(grpc_channel)


@contextmanager
def watching(mqtt: MqttServiceStub, metadata: Metadata, page_size: int = 1_000) -> Iterator[Any]:
    request = mqtt_service_pb2.WatchAccountsRequest(page_size=page_size)
    call = mqtt.WatchAccounts(request, metadata=metadata, timeout=PATIENCE)
    try:
        yield call
    finally:
        call.cancel()


def all_of(call: Any) -> dict[int, mqtt_pb2.MqttAccount]:
    """All accounts before `caught_up`."""
    accounts: dict[int, mqtt_pb2.MqttAccount] = {}
    for answer in call:
        if answer.HasField("caught_up"):
            return accounts
        accounts |= {account.device_id: account for account in answer.changes.accounts}
    raise AssertionError("the stream ended")


def checks(verifier: str, key: str) -> bool:
    """Check a password as Mosquitto does."""
    _, kind, iterations, salt, derived = verifier.split("$")
    expected = hashlib.pbkdf2_hmac("sha512", key.encode(), base64.b64decode(salt), int(iterations))
    return kind == "7" and base64.b64decode(derived) == expected


def test_a_watch_returns_all_accounts_and_then_each_change(
    mqtt: MqttServiceStub, devices: DeviceServiceStub, admin: AdminStubs, admin_metadata: Metadata
) -> None:
    before = [register(devices, f"watched {number}") for number in range(5)]
    with watching(mqtt, admin_metadata, page_size=2) as call:
        accounts = all_of(call)
        assert {device.id for device in before} <= set(accounts)
        first = before[0]
        assert checks(accounts[first.id].verifier, first.api_key)
        assert not checks(accounts[first.id].verifier, before[1].api_key)

        new = register(devices, "watched: new")
        [account] = next(call).changes.accounts
        assert (account.device_id, account.name, account.status) == (new.id, "watched: new", "active")

        rotate = device_service_pb2.RotateApiKeyRequest()
        rotated = devices.RotateApiKey(rotate, metadata=(("x-api-key", new.api_key),)).api_key
        [account] = next(call).changes.accounts
        assert checks(account.verifier, rotated)
        assert not checks(account.verifier, new.api_key)

        change = fleet_service_pb2.SetDeviceStatusRequest(device_id=new.id, status="inactive")
        admin.fleet.SetDeviceStatus(change, metadata=admin_metadata)
        assert next(call).changes.accounts[0].status == "inactive"
        admin.fleet.UpdateDevice(
            fleet_service_pb2.UpdateDeviceRequest(device_id=new.id, name="watched: renamed"), metadata=admin_metadata
        )
        assert next(call).changes.accounts[0].name == "watched: renamed"
        admin.fleet.DeleteDevice(fleet_service_pb2.DeleteDeviceRequest(device_id=new.id), metadata=admin_metadata)
        gone = next(call).changes
        assert (list(gone.accounts), list(gone.removed_device_ids)) == ([], [new.id])
    with watching(mqtt, admin_metadata) as again:
        assert new.id not in all_of(again)


def test_a_device_is_found_by_key_id_and_name(
    mqtt: MqttServiceStub, devices: DeviceServiceStub, admin_metadata: Metadata
) -> None:
    device = register(devices, "found")
    for by in ({"api_key": device.api_key}, {"username": str(device.id)}, {"username": "found"}):
        request = mqtt_service_pb2.FindAccountRequest(**by)
        assert mqtt.FindAccount(request, metadata=admin_metadata).account.device_id == device.id


def test_devices_are_found_by_many_keys_in_their_order(
    mqtt: MqttServiceStub, devices: DeviceServiceStub, admin_metadata: Metadata
) -> None:
    first, second = register(devices, "first of many"), register(devices, "second of many")
    keys = [second.api_key, "k" * 32, first.api_key, second.api_key]
    request = mqtt_service_pb2.FindAccountsRequest(api_keys=keys)
    found = mqtt.FindAccounts(request, metadata=admin_metadata).accounts
    assert [one.account.device_id for one in found] == [second.id, 0, first.id, second.id]
    assert not found[1].HasField("account")


@pytest.mark.parametrize("keys", [[], ["k"] * 101, ["k" * 257]])
def test_the_keys_of_a_call_are_bounded(mqtt: MqttServiceStub, admin_metadata: Metadata, keys: list[str]) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        mqtt.FindAccounts(mqtt_service_pb2.FindAccountsRequest(api_keys=keys), metadata=admin_metadata)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("by", [{"api_key": "k" * 32}, {"username": "nobody"}, {"username": "9" * 20}])
def test_unknown_credentials_find_no_device(
    mqtt: MqttServiceStub, admin_metadata: Metadata, by: dict[str, str]
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        mqtt.FindAccount(mqtt_service_pb2.FindAccountRequest(**by), metadata=admin_metadata)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("status", "result"), [("active", "allow"), ("maintenance", "allow"), ("error", "allow"), ("inactive", "deny")]
)
def test_a_device_logs_in_by_its_id_and_name_unless_it_is_inactive(
    mqtt: MqttServiceStub,
    devices: DeviceServiceStub,
    admin: AdminStubs,
    admin_metadata: Metadata,
    status: str,
    result: str,
) -> None:
    device, other = register(devices, f"logs in while {status}"), register(devices, f"not while {status}")
    change = fleet_service_pb2.SetDeviceStatusRequest(device_id=device.id, status=status)
    admin.fleet.SetDeviceStatus(change, metadata=admin_metadata)
    for username, expected in (
        (str(device.id), result),
        (device.name, result),
        (str(other.id), "deny"),
        (other.name, "deny"),
    ):
        request = mqtt_service_pb2.AuthenticateRequest(username=username, password=device.api_key)
        answer = mqtt.Authenticate(request, metadata=admin_metadata)
        assert (answer.result, answer.is_superuser) == (expected, False), username


def test_accounts_are_closed_to_devices(mqtt: MqttServiceStub, devices: DeviceServiceStub) -> None:
    key = (("x-api-key", register(devices, "curious").api_key),)
    with watching(mqtt, key) as call, pytest.raises(grpc.RpcError) as refused:
        next(call)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def register(devices: DeviceServiceStub, name: str) -> device_pb2.Device:
    return devices.RegisterDevice(device_service_pb2.RegisterDeviceRequest(name=name)).device
