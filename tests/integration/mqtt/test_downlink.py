"""What the adapter says to devices, only the adapter says."""

from collections.abc import Iterator

import pytest

from tests.integration.mqtt.clients import logged_in, stored
from tests.mqtt import MOSQUITTO, Stack, mqtt_stack

BELOW = ("config", "commands/config", "commands/control", "commands/firmware", "errors", "else")
ORDER = b'{"id": 1, "name": "firmware", "parameters": {"url": "http://of.the.last"}}'


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with mqtt_stack(tmp_path_factory.mktemp("mqtt"), MOSQUITTO) as running:
        running.adapter().start()
        yield running


def test_a_device_leaves_no_orders_for_the_next_of_its_name(stack: Stack) -> None:
    last = stack.register("lamp")
    topics = [f"iotflow/devices/lamp/{below}" for below in BELOW] + ["devices/lamp/commands", "devices/lamp/config"]
    with logged_in(stack, last, "lamp") as client:
        for topic in topics:
            # Mosquitto ends the connection besides; paho makes another.
            assert client.publish(topic, ORDER, retain=True) == "Not authorized", topic
        client.publish("iotflow/devices/lamp/telemetry", {"data": {"a": 1}})
        assert stored(stack, last)
    stack.remove(last)
    following = stack.register("lamp")
    with logged_in(stack, following, "lamp") as client:
        client.subscribe("iotflow/devices/lamp/#")
        client.subscribe("devices/lamp/#")
        # What is retained comes before the answer to this.
        client.publish("iotflow/devices/lamp/status/heartbeat", b"")
        assert not [heard for heard in client.heard if heard.retained]
