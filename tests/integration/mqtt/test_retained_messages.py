"""Retained messages of a removed device are removed when an adapter runs."""

from pathlib import Path

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in
from tests.support.mqtt import MOSQUITTO, Device, Stack, stack_at


@pytest.mark.parametrize("left", ["removed", "renamed"])
def test_the_next_device_of_a_name_does_not_receive_the_former_configuration(
    server_of_stacks: Server, tmp_path: Path, left: str
) -> None:
    with stack_at(server_of_stacks, tmp_path, MOSQUITTO) as stack:
        adapter = stack.adapter()
        adapter.start()
        last, other = stack.register("lamp"), stack.register("other")
        stack.set_desired(last, {"secret": "of the last"})
        stack.set_desired(other, {"own": 1})
        eventually(lambda: len(_retained(stack, last)) == len(_retained(stack, other)) == 1)
        adapter.kill()
        if left == "removed":
            stack.remove(last)
        else:
            stack.rename(last, "lantern")
        following = stack.register("lamp")
        adapter.start()
        eventually(lambda: not _retained(stack, following))
        assert b"own" in _retained(stack, other)[0]


def _retained(stack: Stack, device: Device) -> list[bytes]:
    """The retained message of the device's name. It arrives before the answer to a publish after the subscription."""
    with logged_in(stack, device, device.name) as client:
        client.subscribe(f"iotflow/devices/{device.name}/config")
        client.publish(f"iotflow/devices/{device.name}/status/heartbeat", b"")
        return [message.payload for message in client.received if message.retained]
