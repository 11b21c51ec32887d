"""Streams and accounts while a device's key is rotated and reset."""

import queue
import time
from typing import Any

import grpc
import pytest

from iotflow.v1 import device_service_pb2, mqtt_service_pb2, telemetry_pb2
from iotflow.v1.audit_service_pb2 import ListAuditEntriesRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import ResetDeviceKeyRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.device import Caller, batch, reason
from tests.support.admin_stubs import AdminStubs

Metadata = tuple[tuple[str, str], ...]
GRACE_SECONDS = 2
PATIENCE = 30.0


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"key_grace_seconds": GRACE_SECONDS}


@pytest.fixture
def telemetry(grpc_channel: grpc.Channel) -> TelemetryServiceStub:
    return TelemetryServiceStub(grpc_channel)


@pytest.fixture
def mqtt(grpc_channel: grpc.Channel) -> MqttServiceStub:
    return MqttServiceStub(grpc_channel)


def opened(telemetry: TelemetryServiceStub, metadata: Metadata) -> Any:
    """An open stream that has acknowledged a batch."""
    batches: queue.Queue[telemetry_pb2.TelemetryBatch] = queue.Queue()
    batches.put(batch(1))
    call = telemetry.StreamTelemetry(iter(batches.get, None), metadata=metadata, timeout=PATIENCE)
    assert next(call).committed_sequence == 1
    return call


def rotated(devices: DeviceServiceStub, device: Caller) -> Metadata:
    """The new credentials of the device."""
    answer = devices.RotateApiKey(device_service_pb2.RotateApiKeyRequest(), metadata=device.metadata)
    return (("x-api-key", answer.api_key),)


def use(devices: DeviceServiceStub, metadata: Metadata) -> None:
    devices.SendHeartbeat(device_service_pb2.SendHeartbeatRequest(), metadata=metadata)


def refusal(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return reason(refused.value)


def test_streams_of_the_old_key_end_with_its_grace_period(
    devices: DeviceServiceStub, telemetry: TelemetryServiceStub, device: Caller
) -> None:
    before = opened(telemetry, device.metadata)
    new = rotated(devices, device)
    within = opened(telemetry, device.metadata)
    ours = opened(telemetry, new)
    began = time.monotonic()
    late = opened(telemetry, device.metadata)
    for stream in (before, within, late):
        assert refusal(lambda: next(stream)) == "WRONG_KEY"  # noqa: B023
    assert time.monotonic() - began > GRACE_SECONDS / 2, "streams ended before the end of the grace period"
    assert refusal(lambda: use(devices, device.metadata)) == "WRONG_KEY"
    assert ours.is_active()
    ours.cancel()


def test_a_successor_that_is_never_used_ends_no_stream(
    devices: DeviceServiceStub, telemetry: TelemetryServiceStub, device: Caller
) -> None:
    first, lost = opened(telemetry, device.metadata), rotated(devices, device)
    rotated(devices, device)
    assert refusal(lambda: use(devices, lost)) == "WRONG_KEY"
    use(devices, device.metadata)
    assert first.is_active()
    first.cancel()


def test_the_owner_ends_the_grace_period(
    devices: DeviceServiceStub, telemetry: TelemetryServiceStub, device: Caller
) -> None:
    stolen = opened(telemetry, device.metadata)
    new = rotated(devices, device)
    devices.EndKeyGrace(device_service_pb2.EndKeyGraceRequest(), metadata=new)
    assert refusal(lambda: next(stolen)) == "WRONG_KEY"
    assert refusal(lambda: use(devices, device.metadata)) == "WRONG_KEY"
    use(devices, new)


def test_an_admin_resets_a_key(
    devices: DeviceServiceStub,
    telemetry: TelemetryServiceStub,
    admin: AdminStubs,
    admin_metadata: Metadata,
    device: Caller,
) -> None:
    stream = opened(telemetry, device.metadata)
    request = ResetDeviceKeyRequest(device_id=device.id)
    key = admin.fleet.ResetDeviceKey(request, metadata=admin_metadata).api_key
    assert refusal(lambda: next(stream)) == "WRONG_KEY"
    assert refusal(lambda: use(devices, device.metadata)) == "WRONG_KEY"
    use(devices, (("x-api-key", key),))
    entries = admin.audit.ListAuditEntries(
        ListAuditEntriesRequest(target=f"device:{device.id}"), metadata=admin_metadata
    ).entries
    assert [entry.action for entry in entries] == ["device.reset_key", "device.register"]
    assert key not in str(entries)


def test_accounts_have_the_end_of_the_grace_period(
    devices: DeviceServiceStub, mqtt: MqttServiceStub, admin_metadata: Metadata, device: Caller
) -> None:
    """Brokers need it to close the connections of the old key."""

    def found(metadata: Metadata) -> mqtt_service_pb2.FindAccountResponse:
        request = mqtt_service_pb2.FindAccountRequest(api_key=dict(metadata)["x-api-key"])
        return mqtt.FindAccount(request, metadata=admin_metadata)

    new = rotated(devices, device)
    call = mqtt.WatchAccounts(mqtt_service_pb2.WatchAccountsRequest(), metadata=admin_metadata, timeout=PATIENCE)
    assert any(answer.HasField("caught_up") for answer in iter(lambda: next(call), None))
    assert not found(device.metadata).HasField("key_valid_until")

    assert not found(new).HasField("key_valid_until"), "a query of the new key counts as its first use"
    old = found(device.metadata)
    assert time.time() < old.key_valid_until.seconds + 1 <= time.time() + GRACE_SECONDS + 1
    [account] = next(call).changes.accounts
    assert account.old_key_valid_until == old.key_valid_until
    call.cancel()
    assert refusal_at_last(lambda: found(device.metadata)) == "DEVICE_NOT_FOUND"


def refusal_at_last(call: Any) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            call()
        except grpc.RpcError as error:
            return reason(error)
        # Interval between queries, in seconds.
        time.sleep(0.05)
    raise AssertionError("it was never refused")
