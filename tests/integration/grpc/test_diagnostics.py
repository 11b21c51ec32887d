"""Metrics, detailed health and reflection are closed unless a setting opens them; the calls of older clients stay open."""

from collections.abc import Callable

import grpc
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from iotflow.v1.system_service_pb2 import GetHealthRequest, GetMetricsRequest, GetMqttStatusRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2 import GetTelemetryStatusRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.device import Caller, reason

Metadata = tuple[tuple[str, str], ...]
Ask = Callable[[grpc.Channel, Metadata], object]


def metrics(channel: grpc.Channel, metadata: Metadata) -> object:
    return SystemServiceStub(channel).GetMetrics(GetMetricsRequest(), metadata=metadata).data


def details(channel: grpc.Channel, metadata: Metadata) -> object:
    return SystemServiceStub(channel).GetHealth(GetHealthRequest(detailed=True), metadata=metadata).checks


def reflected(version: str) -> Ask:
    def ask(channel: grpc.Channel, metadata: Metadata) -> object:
        call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            ServerReflectionRequest.SerializeToString,
            ServerReflectionResponse.FromString,
        )
        requests = iter([ServerReflectionRequest(list_services="")])
        [answer] = call(requests, metadata=metadata)
        return answer.list_services_response.service

    return ask


CLOSED = {
    "metrics": metrics,
    "health": details,
    "reflection": reflected("v1"),
    "older reflection": reflected("v1alpha"),
}


@pytest.mark.parametrize("ask", CLOSED.values(), ids=CLOSED)
def test_diagnostics_require_a_token(
    grpc_channel: grpc.Channel, device: Caller, admin_metadata: Metadata, ask: Ask
) -> None:
    for metadata, expected in (((), "CREDENTIAL_REQUIRED"), (device.metadata, "WRONG_ROLE")):
        with pytest.raises(grpc.RpcError) as caught:
            ask(grpc_channel, metadata)
        assert reason(caught.value) == expected
    assert ask(grpc_channel, admin_metadata)


def test_calls_of_older_clients_stay_open(grpc_channel: grpc.Channel, admin_metadata: Metadata) -> None:
    system = SystemServiceStub(grpc_channel)
    health = system.GetHealth(GetHealthRequest())
    assert (health.status, list(health.checks)) == ("healthy", [])
    assert system.GetMqttStatus(GetMqttStatusRequest()).status == "unavailable"
    telemetry = TelemetryServiceStub(grpc_channel)
    status = telemetry.GetTelemetryStatus(GetTelemetryStatusRequest())
    assert (status.iotdb_available, status.status, status.store) == (True, "healthy", "")
    assert telemetry.GetTelemetryStatus(GetTelemetryStatusRequest(), metadata=admin_metadata).store == "sqlite"


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_repeated_credential_is_rejected(grpc_channel: grpc.Channel, header: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        metrics(grpc_channel, ((header, "a"), (header, "a")))
    assert reason(caught.value) == "DUPLICATE_CREDENTIAL"
