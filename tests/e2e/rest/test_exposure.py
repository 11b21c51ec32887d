"""Calls open to the local machine are closed to web pages of other sites, and to callers with a forged address."""

from pathlib import Path

import grpc
import httpx
import pytest

from iotflow.v1.telemetry_service_pb2 import GetTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.e2e.rest.configured import REGISTER, configured_service
from tests.e2e.rest.shapes import refusal, without_noise
from tests.e2e.rest.world import World
from tests.support.service import iotflow_up

OPEN_HERE = [
    ("GET", "/api/v1/telemetry/{own}"),
    ("GET", "/api/v1/telemetry/{own}/latest"),
    ("GET", "/api/v1/telemetry/export"),
    ("GET", "/metrics"),
    ("GET", "/health?detailed=true"),
    ("POST", REGISTER),
]
OPEN_EVERYWHERE = ["/", "/health", "/api/v1/telemetry/status", "/api/v1/mqtt/status"]
FOREIGN = ["evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.7:5000"]
LOCAL = ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.0.0.2:80", "[::1]:5000", "iot.localhost", "localhost."]


@pytest.mark.parametrize(("method", "path"), OPEN_HERE)
@pytest.mark.parametrize("host", FOREIGN)
def test_another_host_name_requires_a_credential(world: World, method: str, path: str, host: str) -> None:
    for claimed in ({}, {"x-iotflow-host": "localhost"}):
        answer = world.call(method, path, "nobody", headers={"host": host, **claimed})
        assert (answer.status_code, without_noise(answer.json())) == (401, refusal(401, "CREDENTIAL_REQUIRED"))
        assert world.call(method, path, "wrong key", headers={"host": host}).status_code == 401
    assert world.call("GET", "/metrics", "admin", headers={"host": host}).status_code == 200
    assert world.call("GET", "/api/v1/telemetry/{own}", "device", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", LOCAL)
def test_local_host_names_require_no_credential(world: World, host: str) -> None:
    for method, path in OPEN_HERE[:-1]:
        assert world.call(method, path, "nobody", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", OPEN_EVERYWHERE)
def test_public_calls_accept_any_host_name(world: World, path: str) -> None:
    assert world.call("GET", path, "nobody", headers={"host": FOREIGN[0]}).status_code == 200


def test_another_host_name_requires_a_credential_by_grpc(world: World) -> None:
    request = GetTelemetryRequest(device_id=world.own.id)
    for authority, code in (("localhost", None), (FOREIGN[0], grpc.StatusCode.UNAUTHENTICATED)):
        options = [("grpc.default_authority", authority)]
        with grpc.insecure_channel(f"127.0.0.1:{world.service.rest_port}", options=options) as channel:
            call = TelemetryServiceStub(channel).GetTelemetry.with_call
            if code is None:
                assert call(request)
                continue
            with pytest.raises(grpc.RpcError) as caught:
                call(request)
            assert caught.value.code() is code


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_repeated_credential_is_rejected(world: World, header: str) -> None:
    own = world.own.key if header == "x-api-key" else f"Bearer {world.service.admin_token}"
    answer = world.http.get(f"/api/v1/telemetry/{world.own.id}", headers=[(header, own), (header, own)])
    assert answer.status_code == 401, answer.text


def from_address(address: str, to: httpx.URL) -> httpx.Client:
    """A caller with this address of the machine."""
    return httpx.Client(base_url=to, transport=httpx.HTTPTransport(local_address=address))


def test_a_caller_cannot_choose_the_address_of_its_rate_limit(tmp_path: Path) -> None:
    with configured_service(tmp_path, rate_limit_per_minute="3") as (http, _):
        with from_address("127.0.0.2", http.base_url) as one:
            answers = [
                one.post(REGISTER, json={"name": f"a{number}"}, headers={"x-forwarded-for": f"10.0.0.{number}"})
                for number in range(4)
            ]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
        # Another address has another limit: the server gets the address from Envoy.
        with from_address("127.0.0.3", http.base_url) as other:
            assert other.post(REGISTER, json={"name": "b"}).status_code == 201


def test_a_service_open_to_the_network_hides_diagnostics(tmp_path: Path) -> None:
    with (
        iotflow_up(tmp_path, {}, "--rest-host", "0.0.0.0") as service,  # noqa: S104
        httpx.Client(base_url=service.rest, trust_env=False) as http,
    ):
        for path in ("/metrics", "/health?detailed=true"):
            answer = http.get(path)
            assert (answer.status_code, without_noise(answer.json())) == (401, refusal(401, "CREDENTIAL_REQUIRED"))
            headers = {"authorization": f"Bearer {service.admin_token}"}
            assert http.get(path, headers=headers).status_code == 200
        for path in OPEN_EVERYWHERE:
            assert http.get(path, headers={"host": FOREIGN[0]}).status_code == 200
        assert http.get("/api/v1/telemetry/status").json()["store"] == ""
