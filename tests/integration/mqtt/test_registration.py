"""Registration by MQTT where it is not open: the message holds a registrar's token, because the adapter does not use its own."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from iotflow.v1.token_service_pb2 import CreateTokenRequest
from tests.integration.mqtt.clients import PATIENCE
from tests.support.admin_stubs import AdminStubs
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Stack, mqtt_stack
from tests.support.mqtt_device import MqttDevice, mqtt_device

NAME = "newcomer"
SUBSCRIBED = ("Granted QoS 0", "Granted QoS 1")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with mqtt_stack(tmp_path_factory.mktemp("token"), MOSQUITTO, {"IOTFLOW_REGISTRATION": "token"}) as running:
        running.adapter().start()
        yield running


@pytest.fixture
def newcomer(stack: Stack) -> Iterator[MqttDevice]:
    """A client without an account."""
    with mqtt_device(stack.port, None, client_id=NAME) as client:
        client.subscribe(f"iotflow/discovery/response/{NAME}")
        yield client


def token(stack: Stack, role: str) -> str:
    """A new token."""
    with grpc.insecure_channel(stack.server.target) as channel:
        request = CreateTokenRequest(name=f"of a {role}", role=role)
        return AdminStubs(channel).tokens.CreateToken(request, metadata=stack.admin, timeout=PATIENCE).secret


@pytest.mark.parametrize(
    ("role", "reason"), [("", "TOKEN_REQUIRED"), ("viewer", "REGISTRATION_CLOSED"), ("gateway", "REGISTRATION_CLOSED")]
)
def test_rejected(stack: Stack, newcomer: MqttDevice, role: str, reason: str) -> None:
    content = {"token": token(stack, role)} if role else {}
    newcomer.publish(f"iotflow/discovery/register/{NAME}", content)
    response = newcomer.receive()[0].json()
    assert (response["status"], response["reason"], response["retryable"]) == ("error", reason, False)


def test_registrar(stack: Stack, newcomer: MqttDevice) -> None:
    newcomer.publish(f"iotflow/discovery/register/{NAME}", {"token": token(stack, "registrar")})
    response = newcomer.receive()[0].json()
    assert (response["status"], response["device"]["name"]) == ("success", NAME)
    assert response["device"]["api_key"]


def test_registrar_at_the_embedded_broker(tmp_path: Path) -> None:
    """The broker admits no other client without a device."""
    with mqtt_stack(tmp_path, EMBEDDED, {"IOTFLOW_REGISTRATION": "token"}) as stack:
        stack.adapter(discovery="false").start()
        secret = token(stack, "registrar")
        with mqtt_device(stack.port, None, v5=False) as stranger:
            assert stranger.connection == "Not authorized"
        with mqtt_device(stack.port, "iotflow/registrar", secret, v5=False) as registrar:
            assert registrar.subscribe("iotflow/discovery/response/+") not in SUBSCRIBED
            assert registrar.subscribe(f"iotflow/discovery/response/{NAME}") in SUBSCRIBED
            registrar.publish(f"iotflow/discovery/register/{NAME}", {"token": secret})
            assert registrar.receive()[0].json()["device"]["name"] == NAME
