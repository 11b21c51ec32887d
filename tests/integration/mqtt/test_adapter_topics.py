"""Devices cannot publish on the topics of the adapter."""

from tests.integration.mqtt.clients import logged_in, stored
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Stack

BELOW = ("config", "commands/config", "commands/control", "commands/firmware", "errors", "else")
ANSWERS = {MOSQUITTO: ("Not authorized",), EMBEDDED: ("Not authorized", "Topic name invalid")}
ORDER = b'{"id": 1, "name": "firmware", "parameters": {"url": "http://of.the.last"}}'


def test_a_device_leaves_no_commands_for_the_next_of_its_name(stack: Stack) -> None:
    last = stack.register("lamp")
    topics = [f"iotflow/devices/lamp/{below}" for below in BELOW] + ["devices/lamp/commands", "devices/lamp/config"]
    with logged_in(stack, last, "lamp") as client:
        for topic in topics:
            # Mosquitto also closes the connection, and paho connects again. MQTT 3.1.1 has no answer for a rejected publish.
            answer = client.publish(topic, ORDER, retain=True)
            assert answer in ANSWERS[stack.kind] or not stack.v5, topic
        client.publish("iotflow/devices/lamp/telemetry", {"data": {"a": 1}})
        assert stored(stack, last)
    stack.remove(last)
    following = stack.register("lamp")
    with logged_in(stack, following, "lamp") as client:
        client.subscribe("iotflow/devices/lamp/#")
        client.subscribe("devices/lamp/#")
        # Retained messages arrive before the answer to this.
        client.publish("iotflow/devices/lamp/status/heartbeat", b"")
        assert not [received for received in client.received if received.retained]
