"""gRPC and gRPC-Web on the port of the gateway."""

import struct
from collections.abc import Iterator

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from iotflow.v1 import device_service_pb2 as device
from iotflow.v1 import device_service_pb2_grpc as device_grpc
from iotflow.v1 import system_service_pb2 as system
from iotflow.v1 import telemetry_pb2, telemetry_service_pb2_grpc
from iotflow_cli.envoy.proxy import EnvoyProxy

WEB = {"content-type": "application/grpc-web+proto", "origin": "http://page.example"}
TRAILERS = 0x80


@pytest.fixture(scope="module")
def channel(gateway: EnvoyProxy) -> Iterator[grpc.Channel]:
    """A channel to the gateway."""
    with _open(gateway.rest_port) as opened:
        yield opened


def _open(port: int | None) -> grpc.Channel:
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)])


def test_a_grpc_call_reaches_the_server(channel: grpc.Channel) -> None:
    stub = device_grpc.DeviceServiceStub(channel)
    answer = stub.RegisterDevice(device.RegisterDeviceRequest(name="pump"), metadata=(("x-api-key", "secret"),))
    assert (answer.device.name, answer.device.api_key) == ("pump", "secret")


def test_an_error_has_its_details(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        device_grpc.DeviceServiceStub(channel).RegisterDevice(device.RegisterDeviceRequest(name="taken"))
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS
    [details] = [each.value for each in caught.value.trailing_metadata() if each.key == "grpc-status-details-bin"]
    assert b"NAME_TAKEN" in bytes(details)


def test_a_stream_passes_in_both_directions(channel: grpc.Channel) -> None:
    batches = (telemetry_pb2.TelemetryBatch(sequence=number) for number in range(1, 101))
    answers = telemetry_service_pb2_grpc.TelemetryServiceStub(channel).StreamTelemetry(batches)
    assert [answer.committed_sequence for answer in answers] == list(range(1, 101))


def test_a_message_may_be_larger_than_a_rest_body(channel: grpc.Channel) -> None:
    batch = telemetry_pb2.TelemetryBatch(sequence=1, timestamps=range(300_000))
    assert batch.ByteSize() > 800_000
    answers = telemetry_service_pb2_grpc.TelemetryServiceStub(channel).StreamTelemetry(iter([batch]))
    assert [answer.committed_sequence for answer in answers] == [1]


def test_health_is_available(channel: grpc.Channel) -> None:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    assert check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_is_available(channel: grpc.Channel) -> None:
    services = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert "iotflow.v1.DeviceService" in services


def test_an_unknown_rpc_is_rejected_by_the_server(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/iotflow.v1.Nothing/At", request_serializer=bytes)(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_grpc_call_without_a_server_is_unavailable(alone: httpx.Client) -> None:
    with _open(alone.base_url.port) as channel, pytest.raises(grpc.RpcError) as caught:
        device_grpc.DeviceServiceStub(channel).RegisterDevice(device.RegisterDeviceRequest())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "{" not in str(caught.value.details())


def test_a_grpc_web_call_reaches_the_server(rest: httpx.Client) -> None:
    request = system.GetHealthRequest().SerializeToString()
    answer = rest.post("/iotflow.v1.SystemService/GetHealth", content=_frame(0, request), headers=WEB)
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert answer.headers["access-control-allow-origin"] == WEB["origin"]
    (kind, message), (last_kind, trailers) = _frames(answer.content)
    assert (kind, last_kind) == (0, TRAILERS)
    assert system.GetHealthResponse.FromString(message).status == "healthy"
    assert b"grpc-status:0" in trailers


def test_pages_of_other_origins_may_call_grpc_web(rest: httpx.Client) -> None:
    asking = {
        "origin": WEB["origin"],
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-grpc-web,x-user-agent,grpc-timeout",
    }
    answer = rest.options("/iotflow.v1.SystemService/GetHealth", headers=asking)
    assert answer.status_code == 200
    assert {"x-grpc-web", "x-user-agent", "grpc-timeout"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )


def _frame(kind: int, message: bytes) -> bytes:
    return struct.pack(">BI", kind, len(message)) + message


def _frames(content: bytes) -> Iterator[tuple[int, bytes]]:
    while content:
        kind, size = struct.unpack_from(">BI", content)
        yield kind, content[5 : 5 + size]
        content = content[5 + size :]
