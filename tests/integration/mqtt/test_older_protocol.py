"""An adapter at a broker of MQTT 3.1.1, which does not report missing subscribers."""

from collections.abc import Iterator

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in, stored
from tests.support.mqtt import MOSQUITTO, Device, Stack, stack_at


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("older"), MOSQUITTO) as running:
        running.adapter(mqtt_protocol="3.1.1").start()
        yield running


def test_missed_messages_are_stored(stack: Stack, device: Device) -> None:
    with logged_in(stack, device) as client:
        stack.adapters[0].kill()
        client.publish(f"iotflow/devices/{device.id}/telemetry", {"data": {"t": 1}})
        stack.adapters[0].start()
        assert [row["t"] for row in stored(stack, device).values()] == [1.0]


def test_command_is_delivered_once_it_is_acknowledged(stack: Stack, device: Device) -> None:
    root = f"iotflow/devices/{device.id}/commands"
    with logged_in(stack, device) as client:
        client.subscribe(f"{root}/control")
        sent = stack.send_command(device, "reboot", {})
        client.receive()
        assert stack.command(sent.id).state == "queued"
        client.publish(f"{root}/ack", {"command_id": sent.id, "state": "succeeded"})
        eventually(lambda: stack.command(sent.id).state == "succeeded")
