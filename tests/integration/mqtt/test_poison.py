"""Messages made to stop the adapter. Each is rejected or accepted, and acknowledged, so that later messages are stored."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, stored
from tests.support.mqtt import MOSQUITTO, Device, Stack, stack_at
from tests.support.mqtt_device import MqttDevice, mqtt_device

T = 1_769_860_800_000
# As deeply as JSON may be nested for the adapter's parser; Python itself gives up before.
DEEP = b"[" * 1_000 + b"]" * 1_000


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The broker sends the adapter one message at a time, so that an unacknowledged one would be the last."""
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("mqtt"), MOSQUITTO) as running:
        running.adapter(window="1").start()
        yield running


@pytest.fixture(autouse=True)
def subscribed_to_errors(device: Device, client: MqttDevice) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")


POISON: dict[str, tuple[str, Any, str, str]] = {
    "nested": ("telemetry", b'{"data": {"a": ' + DEEP + b"}}", "INVALID_VALUE", "data.a"),
    "nested metadata": (
        "telemetry",
        b'{"timestamp": %d, "data": {"good": 0}, "metadata": {"b": ' % T + DEEP + b"}}",
        "INVALID_VALUE",
        "metadata.b",
    ),
    "endless time": ("telemetry", {"timestamp": "9" * 400, "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "minus minus": ("telemetry", {"timestamp": "--1769860800", "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "answer to true": ("commands/ack", {"command_id": True}, "INVALID_PAYLOAD", "command_id"),
    "nested answer": ("commands/ack", b'{"command_id": 1, "result": ' + DEEP + b"}", "INVALID_PAYLOAD", ""),
    "nested report": ("config/reported", b'{"configuration": {"a": ' + DEEP + b"}}", "INVALID_PAYLOAD", ""),
    "nested text": (
        "config/reported",
        {"config_key": "a", "config_value": DEEP.decode(), "data_type": "json"},
        "INVALID_ARGUMENT",
        "config_value",
    ),
}


@pytest.mark.parametrize("case", POISON)
def test_poison_is_rejected_and_acknowledged(stack: Stack, device: Device, client: MqttDevice, case: str) -> None:
    below, payload, reason, field = POISON[case]
    client.publish(f"iotflow/devices/{device.id}/{below}", payload)
    client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": T, "data": {"good": 1}})
    assert stored(stack, device) == {T: {"good": 1.0}}
    error = client.receive()[0].json()
    assert (error["reason"], error["field"], error["retryable"]) == (reason, field, False), error


@pytest.mark.parametrize("token", ["é", "two\nlines", "\0"])
def test_token_that_metadata_cannot_hold(stack: Stack, device: Device, client: MqttDevice, token: str) -> None:
    name = f"new {device.id} {ord(token[0])}"
    with mqtt_device(stack.port, None, client_id=name) as stranger:
        stranger.subscribe(f"iotflow/discovery/response/{name}")
        stranger.publish(f"iotflow/discovery/register/{name}", {"token": token})
        assert stranger.receive()[0].json()["reason"] == "WRONG_TOKEN"
    client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": T, "data": {"good": 1}})
    assert stored(stack, device) == {T: {"good": 1.0}}


@pytest.mark.parametrize("payload", [b"", b"bye", b"\xff\x00", b"{"])
def test_status_with_any_payload(stack: Stack, device: Device, client: MqttDevice, payload: bytes) -> None:
    """A last will is often plain text."""
    client.publish(f"iotflow/devices/{device.id}/status/online", payload)
    eventually(lambda: stack.device(device).is_online)
    client.publish(f"iotflow/devices/{device.id}/status/offline", payload)
    eventually(lambda: not stack.device(device).is_online)
    assert not client.received
