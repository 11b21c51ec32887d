"""A device is removed, and another one is registered under its name. No client can empty another client's queue at Mosquitto: a
waiting command names its device and expires, and no message stays retained."""

import contextlib
import time
from collections.abc import Iterator

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in
from tests.support.mqtt import MOSQUITTO, Device, Stack, stack_at
from tests.support.mqtt_device import PATIENCE, mqtt_device


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("mqtt"), MOSQUITTO) as running:
        running.adapter().start()
        yield running


def test_queued_command_names_its_device_and_expires(stack: Stack) -> None:
    """The session outlives its device and delivers the command to the next device with the same client id and name."""
    last = stack.register("valve")
    with logged_in(stack, last, last.name), session(stack, last) as client:
        client.subscribe("iotflow/devices/valve/commands/#", 1)
    command = stack.send_command(last, "open", {})
    eventually(lambda: stack.command(command.id).state == "delivered")
    stack.remove(last)
    following = stack.register("valve")
    with logged_in(stack, following, following.name):
        pass
    received: list[paho.MQTTMessage] = []
    with session(stack, following, received) as client:
        deadline = time.monotonic() + PATIENCE
        while not received and time.monotonic() < deadline:
            client.loop(0.05)
    payloads = [one.payload for one in received]
    assert [b'"device_id":%d' % last.id in payload for payload in payloads] == [True], payloads
    assert f'"id":{command.id}'.encode() in payloads[0]
    expiry = getattr(received[0].properties, "MessageExpiryInterval", None)
    assert expiry is not None
    assert 0 < expiry <= 86_400


def test_nothing_stays_retained(stack: Stack) -> None:
    last = stack.register("lamp")
    stack.set_desired(last, {"secret": "of the last"})
    with logged_in(stack, last, last.name) as client:
        client.publish("iotflow/devices/lamp/telemetry", {"data": {"t": 1}}, retain=True)
        client.publish("iotflow/devices/lamp/status", {"status": "online"}, retain=True)
    stack.remove(last)
    token = (stack.server.folder / "gateway-token").read_text().strip()

    def retained() -> set[str]:
        with mqtt_device(stack.port, "iotflow/gateway", token) as watcher:
            for topic in ("iotflow/devices/lamp/#", f"iotflow/devices/{last.id}/#", "devices/lamp/#"):
                watcher.subscribe(topic)
            watcher.publish("marker", b"")
            return {received.topic for received in watcher.received if received.retained}

    eventually(lambda: not retained())


@contextlib.contextmanager
def session(stack: Stack, device: Device, received: list[paho.MQTTMessage] | None = None) -> Iterator[paho.Client]:
    """A persistent session of the device's name."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "valve client", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(device.name, device.key)
    client.on_message = lambda _client, _data, message: None if received is None else received.append(message)
    kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    kept.SessionExpiryInterval = 3_600
    client.connect("127.0.0.1", stack.port, clean_start=False, properties=kept)
    deadline = time.monotonic() + PATIENCE
    while not client.is_connected() and time.monotonic() < deadline:
        client.loop(0.05)
    yield client
    for _ in range(20):
        client.loop(0.02)
    client.disconnect()
