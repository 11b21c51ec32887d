"""Limits of the streams of a caller: their number, and the time without progress."""

import queue
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iotflow.v1 import (
    device_service_pb2,
    gateway_service_pb2,
    system_service_pb2,
    telemetry_service_pb2,
)
from iotflow.v1.command_service_pb2 import WatchCommandsRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.command_streams import Admin
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, batch, reason, stream, trailing
from tests.support.admin_stubs import AdminStubs

PATIENCE = 30.0
STREAMS, SUBSCRIPTIONS, READS = 4, 3, 2
# Together more than sockets and the client library buffer for a caller that does not read.
ROWS, BATCHES, TEXT = 100, 40, "x" * 10_000

ALIVE = telemetry_service_pb2.SubscribeTelemetryRequest()


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {
        "public_diagnostics": True,
        "streams_per_caller": STREAMS,
        "subscriptions_per_caller": SUBSCRIPTIONS,
        "reads_per_caller": READS,
        "write_timeout_seconds": 1,
        "keepalive_seconds": 1,
        "keepalive_timeout_seconds": 1,
    }


@contextmanager
def held(*calls: Any) -> Iterator[None]:
    """Open calls, cancelled at the end of the block."""
    try:
        yield
    finally:
        for call in calls:
            call.cancel()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert trailing(caught.value)["retry-after"] == "5"
    return caught.value.code(), reason(caught.value)


def open_streams(channel: grpc.Channel) -> int:
    page = SystemServiceStub(channel).GetMetrics(system_service_pb2.GetMetricsRequest()).data.decode()
    return int(float(next(line for line in page.splitlines() if line.startswith("iotflow_open_streams")).split()[1]))


def watched_config(channel: grpc.Channel, device: Caller) -> Any:
    return DeviceServiceStub(channel).WatchConfig(
        device_service_pb2.WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE
    )


def subscribed(channel: grpc.Channel, device: Caller) -> Any:
    return TelemetryServiceStub(channel).SubscribeTelemetry(ALIVE, metadata=device.metadata, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("opened", "most", "word"),
    [(watched_config, STREAMS, "STREAM_LIMIT"), (subscribed, SUBSCRIPTIONS, "SUBSCRIPTION_LIMIT")],
)
def test_the_number_of_streams_is_limited_for_each_caller(
    grpc_channel: grpc.Channel,
    devices: DeviceServiceStub,
    device: Caller,
    opened: Callable[[grpc.Channel, Caller], Any],
    most: int,
    word: str,
) -> None:
    calls = [opened(grpc_channel, device) for _ in range(most)]
    with held(*calls):
        for call in calls:
            next(call)
        assert refusal(opened(grpc_channel, device)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, word)
        other = register(devices, f"beside {word}")
        next(opened(grpc_channel, other))
    again: list[Any] = []

    def is_open() -> bool:
        again.append(opened(grpc_channel, device))
        try:
            return bool(next(again[-1]) is not None)
        except grpc.RpcError:
            return False

    eventually(is_open)
    again[-1].cancel()


def test_watches_of_commands_count_as_subscriptions(admin: AdminStubs, admin_calls: Admin) -> None:
    calls = [
        admin.commands.WatchCommands(WatchCommandsRequest(), metadata=admin_calls.metadata, timeout=PATIENCE)
        for _ in range(SUBSCRIPTIONS)
    ]
    with held(*calls):
        for call in calls:
            next(call)
        one_more = admin.commands.WatchCommands(WatchCommandsRequest(), metadata=admin_calls.metadata, timeout=PATIENCE)
        assert refusal(one_more) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SUBSCRIPTION_LIMIT")


def test_anonymous_watches_of_health_are_limited_by_address(grpc_channel: grpc.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(grpc_channel)
    calls = [stub.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE) for _ in range(STREAMS)]
    with held(*calls):
        for call in calls:
            next(call)
        one_more = stub.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert refusal(one_more) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "STREAM_LIMIT")
        assert stub.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING


def test_gateways_have_no_limit_because_they_call_for_many_devices(
    gateway: GatewayServiceStub, admin_calls: Admin
) -> None:
    metadata = admin_calls.gateway("of many")
    calls = [
        gateway.WatchDeviceConfigs(gateway_service_pb2.WatchDeviceConfigsRequest(), metadata=metadata, timeout=PATIENCE)
        for _ in range(3 * STREAMS)
    ]
    with held(*calls):
        for call in calls:
            assert next(call) is not None


@pytest.fixture(scope="module")
def much(devices: DeviceServiceStub, grpc_channel: grpc.Channel) -> Caller:
    """A device with more readings than fit into the buffers of a connection."""
    device = register(devices, "of many readings")
    texts = {"strings": [TEXT] * ROWS}
    batches = (batch(number + 1, ROWS, number * ROWS, text=texts) for number in range(BATCHES))
    stream(TelemetryServiceStub(grpc_channel), device, batches)
    return device


def stalled_read(stub: TelemetryServiceStub, device: Caller) -> Any:
    request = telemetry_service_pb2.ReadTelemetryRequest(device_ids=[device.id])
    return stub.ReadTelemetry(request, metadata=device.metadata, timeout=PATIENCE)


def stalled_export(stub: TelemetryServiceStub, device: Caller) -> Any:
    request = telemetry_service_pb2.ExportTelemetryRequest(device_ids=[device.id])
    return stub.ExportTelemetry(request, metadata=device.metadata, timeout=PATIENCE)


def stalled_replay(stub: TelemetryServiceStub, device: Caller) -> Any:
    request = telemetry_service_pb2.SubscribeTelemetryRequest(device_ids=[device.id], since="2020-01-01")
    return stub.SubscribeTelemetry(request, metadata=device.metadata, timeout=PATIENCE)


@pytest.mark.parametrize("stalled", [stalled_read, stalled_export, stalled_replay])
def test_a_stream_that_is_not_read_ends_and_an_idle_one_does_not(
    grpc_channel: grpc.Channel,
    grpc_stub: TelemetryServiceStub,
    admin_calls: Admin,
    much: Caller,
    stalled: Callable[[TelemetryServiceStub, Caller], Any],
) -> None:
    silent = watched_config(grpc_channel, much)
    with held(silent):
        first = next(silent)
        call = stalled(grpc_stub, much)
        eventually(lambda: open_streams(grpc_channel) == 2)
        # The stream is not read, so only the server can end it.
        eventually(lambda: open_streams(grpc_channel) == 1)
        # Its messages in the buffers of gRPC count.
        again = [stalled(grpc_stub, much) for _ in range(READS if stalled is not stalled_replay else SUBSCRIPTIONS)]
        with held(*again):
            assert refusal(again[-1])[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
            with pytest.raises(grpc.RpcError) as caught:
                list(call)
        assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "NOT_READ")
        admin_calls.configure(much.id, after=stalled.__name__)
        assert next(silent).config.desired_version > first.config.desired_version


def test_concurrent_reads_are_limited(grpc_stub: TelemetryServiceStub, much: Caller) -> None:
    calls = [stalled_read(grpc_stub, much), stalled_export(grpc_stub, much)]
    with held(*calls):
        for call in calls:
            call.initial_metadata()
        assert refusal(stalled_read(grpc_stub, much)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "READ_LIMIT")
        assert refusal(stalled_export(grpc_stub, much)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "READ_LIMIT")


def test_a_connection_that_answers_no_keepalive_is_closed(grpc_addr: str) -> None:
    """The peer sends the preface of HTTP/2 and nothing else; its kernel still acknowledges segments."""
    host, port = grpc_addr.split(":")
    empty_settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + empty_settings)
        received = b""
        while data := connection.recv(65_536):
            received += data
    assert received, "the server sent its settings"


def test_an_idle_connection_that_answers_keepalives_stays_open(
    grpc_channel: grpc.Channel, grpc_addr: str, device: Caller
) -> None:
    """It is idle for longer than the time limit of the closed one."""
    silent = watched_config(grpc_channel, device)
    codes: queue.Queue[object] = queue.Queue()
    silent.add_callback(lambda: codes.put(silent.code()))
    with held(silent):
        next(silent)
        test_a_connection_that_answers_no_keepalive_is_closed(grpc_addr)
        assert codes.empty()
