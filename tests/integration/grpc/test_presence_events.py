"""Devices that come online and go offline, as live events."""

import itertools
from typing import Any

import pytest

from iotflow.v1 import device_service_pb2, fleet_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.command_streams import PATIENCE, Admin
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, batch, stream
from tests.integration.grpc.gateway_calls import is_online, report
from tests.integration.grpc.subscriptions import subscribed


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"online_window_seconds": 1, "heartbeat_seconds": 0.2, "public_reads": True}


def next_change(call: Any) -> tuple[int, bool]:
    change = next(event.presence for event in call if event.HasField("presence"))
    assert change.device_name
    assert change.timestamp.seconds
    return change.device_id, change.online


def test_a_device_comes_online_with_a_reading_and_goes_offline_later(
    grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, admin_calls: Admin, device: Caller
) -> None:
    other = register(devices, "another")
    anybody = Caller(0, ())
    with subscribed(grpc_stub, anybody, device_ids=[device.id]) as own, subscribed(grpc_stub, anybody) as all_:
        stream(grpc_stub, device, [batch(1)])
        # The two events have no fixed order.
        first, second = itertools.islice((event for event in own if not event.HasField("heartbeat")), 2)
        news = first if first.HasField("presence") else second
        readings = second if news is first else first
        assert (news.presence.device_id, news.presence.online) == (device.id, True)
        assert len(readings.telemetry.data) == 3
        devices.SendHeartbeat(device_service_pb2.SendHeartbeatRequest(), metadata=other.metadata)
        assert next_change(all_) == (device.id, True)
        assert next_change(all_) == (other.id, True)
        assert {next_change(all_), next_change(all_)} == {(device.id, False), (other.id, False)}
        assert not is_online(admin_calls, device)


def test_a_session_lasts_until_the_device_disconnects(
    grpc_stub: TelemetryServiceStub, gateway: GatewayServiceStub, admin_calls: Admin, devices: DeviceServiceStub
) -> None:
    adapter = admin_calls.gateway("adapter")
    connected, witness = register(devices, "connected"), register(devices, "witness")
    with subscribed(grpc_stub, Caller(0, ()), device_ids=[connected.id, witness.id]) as call:
        report(gateway, adapter, (connected.id, "online"), (witness.id, "heartbeat"))
        assert {next_change(call), next_change(call)} == {(connected.id, True), (witness.id, True)}
        # A device without a session is offline by now.
        assert next_change(call) == (witness.id, False)
        assert is_online(admin_calls, connected)
        report(gateway, adapter, (connected.id, "offline"))
        assert next_change(call) == (connected.id, False)


def test_a_disabled_device_goes_offline(
    grpc_stub: TelemetryServiceStub, gateway: GatewayServiceStub, admin_calls: Admin, devices: DeviceServiceStub
) -> None:
    """Brokers do not report the disconnection."""
    adapter, device = admin_calls.gateway("another adapter"), register(devices, "suspended")
    with subscribed(grpc_stub, Caller(0, ()), device_ids=[device.id]) as call:
        report(gateway, adapter, (device.id, "online"))
        assert next_change(call) == (device.id, True)
        request = fleet_service_pb2.SetDeviceStatusRequest(device_id=device.id, status="inactive")
        admin_calls.stub.fleet.SetDeviceStatus(request, metadata=admin_calls.metadata)
        assert next_change(call) == (device.id, False)
        assert not is_online(admin_calls, device)


def test_a_device_is_online_as_long_as_its_stream_is_open(
    grpc_stub: TelemetryServiceStub, admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    witness = register(devices, "another witness")
    with subscribed(grpc_stub, Caller(0, ()), device_ids=[device.id, witness.id]) as call:
        own = devices.WatchConfig(device_service_pb2.WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE)
        assert next_change(call) == (device.id, True)
        for _ in range(2):
            devices.SendHeartbeat(device_service_pb2.SendHeartbeatRequest(), metadata=witness.metadata)
            assert next_change(call) == (witness.id, True)
            assert next_change(call) == (witness.id, False)
        assert is_online(admin_calls, device)
        own.cancel()
        assert next_change(call) == (device.id, False)
