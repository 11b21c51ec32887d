"""A broker without accounts: the key in a message identifies its device."""

from collections.abc import Iterator

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import stored
from tests.support.mqtt import MOSQUITTO, Part, Stack, stack_at
from tests.support.mqtt_device import MqttDevice, mqtt_device


class Open(Stack):
    """A broker that allows every client everything."""

    def _broker(self) -> Part:
        config = self.folder / "open.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        return Part(["/usr/sbin/mosquitto", "-c", str(config)], {}, self.port)

    @property
    def env(self) -> dict[str, str]:
        environment = {name: value for name, value in super().env.items() if name != "IOTFLOW_GATEWAY_MOSQUITTO_DIR"}
        return environment | {"IOTFLOW_GATEWAY_ACCOUNTS": "payload", "IOTFLOW_GATEWAY_MQTT_USERNAME": ""}


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("open"), MOSQUITTO, make=Open) as running:
        running.adapter().start()
        yield running


@pytest.fixture
def client(stack: Stack) -> Iterator[MqttDevice]:
    with mqtt_device(stack.port, None) as connected:
        yield connected


def test_warns_at_the_start(stack: Stack) -> None:
    assert stack.adapters[0].process
    assert "the broker has no accounts" in stack.adapters[0].process.output


def test_key_in_the_payload(stack: Stack, client: MqttDevice) -> None:
    device = stack.register("keyed")
    client.publish(f"iotflow/devices/{device.id}/telemetry", {"api_key": device.key, "data": {"t": 1}})
    readings = [{"api_key": device.key, "data": {"t": 2}}, {"data": {"t": 3}}]
    client.publish(f"iotflow/devices/{device.name}/telemetry", readings)
    assert sorted(str(row["t"]) for row in stored(stack, device, 3).values()) == ["1.0", "2.0", "3.0"]


def test_rotated_key_is_valid_in_its_grace_period(stack: Stack, client: MqttDevice) -> None:
    device = stack.register("rotating")
    rotated = stack.rotate(device)
    for number, key in enumerate((device.key, rotated.key)):
        client.publish(f"iotflow/devices/{device.id}/telemetry", {"api_key": key, "data": {"t": number}})
    assert len(stored(stack, device, 2)) == 2


def test_rejections(stack: Stack, client: MqttDevice) -> None:
    device, other = stack.register("refused"), stack.register("other")
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    cases = {
        "KEY_REQUIRED": {"data": {"t": 1}},
        "WRONG_KEY": {"api_key": "k" * 32, "data": {"t": 1}},
        "NOT_YOUR_DEVICE": {"api_key": other.key, "data": {"t": 1}},
    }
    for number, (reason, payload) in enumerate(cases.items(), 1):
        client.publish(f"{root}/telemetry", payload)
        assert client.receive(number)[-1].json()["reason"] == reason
    client.publish(f"{root}/telemetry/batch", b"\x10\x07")
    assert client.receive(4)[-1].json()["reason"] == "KEY_REQUIRED"
    client.publish(f"{root}/telemetry", {"api_key": device.key, "data": {"t": 9}})
    assert [row["t"] for row in stored(stack, device).values()] == [9.0]
