"""Clients without a login at brokers that ask by HTTP: allowed by a setting, at their own listener only."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from iotflow.channels import credentials
from iotflow.v1.mqtt_service_pb2 import AuthenticateRequest, AuthorizeRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from tests.faults.server import Server, server_process
from tests.support.processes import PATIENCE

# Mount point of the listener, topic, action, and whether it is allowed.
CASES = (
    ("anonymous/", "iotflow/devices/7/telemetry", "publish", True),
    ("anonymous/", "iotflow/devices/pump/telemetry/any word", "publish", True),
    ("anonymous/", "devices/pump/status", "publish", True),
    ("anonymous/", "iotflow/devices/7/status/offline", "publish", True),
    ("", "anonymous/iotflow/devices/7/telemetry", "publish", True),
    ("", "iotflow/devices/7/telemetry", "publish", False),
    ("other/", "iotflow/devices/7/telemetry", "publish", False),
    ("anonymous/", "iotflow/devices/7/commands/control", "publish", False),
    ("anonymous/", "iotflow/devices/7/config", "publish", False),
    ("anonymous/", "iotflow/discovery/register/pump", "publish", False),
    ("anonymous/", "elsewhere", "publish", False),
    ("anonymous/", "iotflow/devices/7/commands/control", "subscribe", False),
    ("anonymous/", "iotflow/devices/7/#", "subscribe", False),
    ("", "#", "subscribe", False),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("callouts")
    with server_process(folder, "sqlite", {"IOTFLOW_MQTT_ANONYMOUS": "true"}) as running:
        running.start()
        yield running


@pytest.fixture(scope="module")
def mqtt(server: Server) -> Iterator[MqttServiceStub]:
    with grpc.insecure_channel(server.target) as channel:
        yield MqttServiceStub(channel)


def test_they_may_log_in(mqtt: MqttServiceStub, server: Server) -> None:
    answer = mqtt.Authenticate(AuthenticateRequest(), metadata=credentials(token=server.admin_token), timeout=PATIENCE)
    assert answer.result == "allow"
    assert not answer.is_superuser


@pytest.mark.parametrize(("mountpoint", "topic", "action", "allowed"), CASES)
def test_topics(mqtt: MqttServiceStub, server: Server, mountpoint: str, topic: str, action: str, allowed: bool) -> None:
    """At another mount point the adapter would take the message for one of a device that logged in."""
    request = AuthorizeRequest(topic=topic, action=action, mountpoint=mountpoint)
    answer = mqtt.Authorize(request, metadata=credentials(token=server.admin_token), timeout=PATIENCE)
    assert answer.result == ("allow" if allowed else "deny")
