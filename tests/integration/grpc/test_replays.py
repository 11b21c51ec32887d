"""Subscriptions that replay stored readings: those of one caller are served a few at a time."""

from typing import Any

import grpc
import pytest

from iotflow.v1 import telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, batch, stream

PATIENCE, MOST = 60.0, 4
SECRET = "s" * 32
Metadata = tuple[tuple[str, str], ...]
# Together more than sockets and the client library buffer for a caller that does not read.
ROWS, BATCHES, TEXT = 100, 40, "x" * 10_000


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"heartbeat_seconds": 0.2, "public_reads": True, "envoy_secret": SECRET}


@pytest.fixture(scope="module")
def much(devices: DeviceServiceStub, grpc_channel: grpc.Channel) -> Caller:
    """A device with more readings than fit into the buffers of a connection."""
    device = register(devices, "of many readings")
    texts = {"strings": [TEXT] * ROWS}
    batches = (batch(number + 1, ROWS, number * ROWS, text=texts) for number in range(BATCHES))
    stream(TelemetryServiceStub(grpc_channel), device, batches)
    return device


def replay(stub: TelemetryServiceStub, device: Caller, metadata: Metadata | None = None) -> Any:
    """metadata: credentials of the caller, if it is not the device."""
    request = telemetry_service_pb2.SubscribeTelemetryRequest(device_ids=[device.id], since="2020-01-01")
    return stub.SubscribeTelemetry(request, metadata=metadata or device.metadata, timeout=PATIENCE)


def anonymous_at(address: str) -> Metadata:
    """The metadata of an anonymous caller as Envoy forwards it."""
    return (("x-iotflow-envoy", SECRET), ("x-forwarded-for", address))


def is_sent_readings(call: Any, within: int = 2**31) -> bool:
    """Whether any of this number of events is not a heartbeat."""
    return any(event.HasField("telemetry") for event, _ in zip(call, range(within), strict=False))


def test_replays_of_a_caller_take_turns(
    grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, grpc_channel: grpc.Channel, much: Caller
) -> None:
    """Waiting subscriptions receive heartbeats, other callers do not wait, and the end of a replay admits the next."""
    stalled = [replay(grpc_stub, much) for _ in range(MOST)]
    assert all(is_sent_readings(call) for call in stalled)
    waiting = replay(grpc_stub, much)
    assert not is_sent_readings(waiting, within=4)
    other = register(devices, "beside the greedy")
    stream(TelemetryServiceStub(grpc_channel), other, [batch(1)])
    beside = replay(grpc_stub, other)
    assert is_sent_readings(beside)
    stalled[0].cancel()
    assert is_sent_readings(waiting)
    for call in (*stalled, waiting, beside):
        call.cancel()


def test_replays_of_anonymous_callers_take_turns_by_address(grpc_stub: TelemetryServiceStub, much: Caller) -> None:
    greedy, modest = anonymous_at("10.0.0.1"), anonymous_at("10.0.0.2")
    stalled = [replay(grpc_stub, much, greedy) for _ in range(MOST)]
    assert all(is_sent_readings(call) for call in stalled)
    waiting = replay(grpc_stub, much, greedy)
    assert not is_sent_readings(waiting, within=4)
    beside = replay(grpc_stub, much, modest)
    assert is_sent_readings(beside)
    for call in (*stalled, waiting, beside):
        call.cancel()
