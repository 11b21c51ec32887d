"""Configurations and presence of MQTT devices."""

import json
import subprocess
from functools import partial

import pytest

from tests.integration.mqtt.clients import eventually, logged_in
from tests.support.mqtt import Device, Stack
from tests.support.mqtt_device import MqttDevice


def test_desired_configuration_is_retained(stack: Stack, device: Device, client: MqttDevice) -> None:
    topic = f"iotflow/devices/{device.id}/config"
    client.subscribe(topic)
    stack.set_desired(device, {"interval": 10})
    assert client.receive()[0].json() == {"version": 1, "desired": {"interval": 10}}
    stack.set_desired(device, {"interval": 20})
    assert client.receive(2)[1].json() == {"version": 2, "desired": {"interval": 20}}
    for own in (f"iotflow/devices/{device.name}/config", f"devices/{device.name}/config"):
        with logged_in(stack, device, device.name) as later:
            later.subscribe(own)
            later.wait(partial(is_retained, later, 2))
            assert {one.topic for one in later.received} == {own}


def is_retained(client: MqttDevice, version: int) -> bool:
    """Whether the client has received the retained configuration of this version."""
    return any(one.retained and one.json()["version"] == version for one in client.received)


def test_integers_stay_integers(stack: Stack, device: Device, client: MqttDevice) -> None:
    """A strict parser of integers rejects 30.0."""
    client.subscribe(f"iotflow/devices/{device.id}/#")
    stack.set_desired(device, {"interval": 30, "rate": 0.5, "list": [12_345_678_901]})
    stack.send_command(device, "blink", {"times": 3})
    payloads = [received.payload for received in client.receive(2)]
    assert any(b'"parameters":{"times":3}' in payload for payload in payloads), payloads
    wanted = {"interval": 30, "rate": 0.5, "list": [12_345_678_901]}
    (desired,) = [json.loads(payload)["desired"] for payload in payloads if b"desired" in payload]
    assert desired == wanted
    assert all(isinstance(number, int) for number in (desired["interval"], *desired["list"]))


def test_retained_configuration_follows_the_name(stack: Stack, device: Device, client: MqttDevice) -> None:
    """The next device with the name does not receive it."""
    assert client.connection == "Success"
    stack.set_desired(device, {"secret": 1})
    before, after = device.name, f"now {device.name}"
    with logged_in(stack, device, before) as first:
        first.subscribe(f"iotflow/devices/{before}/config")
        first.receive()
    renamed = stack.rename(device, after)
    with logged_in(stack, renamed, after) as again:
        again.subscribe(f"iotflow/devices/{after}/config")
        assert again.receive()[0].json()["desired"] == {"secret": 1}
    heir = stack.register(before)
    with logged_in(stack, heir, before) as next_one:
        next_one.subscribe(f"iotflow/devices/{before}/config")
        stack.set_desired(heir, {"own": 1})
        next_one.wait(lambda: any(b"own" in received.payload for received in next_one.received))
        assert not any(b"secret" in received.payload for received in next_one.received)
    stack.remove(renamed)
    heir = stack.register(after)
    with logged_in(stack, heir, after) as next_one:
        next_one.subscribe(f"iotflow/devices/{after}/config")
        stack.set_desired(heir, {"own": 1})
        next_one.wait(lambda: any(b"own" in received.payload for received in next_one.received))
        assert not any(b"secret" in received.payload for received in next_one.received)


def test_reported_configuration(stack: Stack, device: Device, client: MqttDevice) -> None:
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    client.publish(f"{root}/config/reported", {"firmware_version": "1.2", "configuration": {"interval": 10}})
    eventually(lambda: stack.device(device).firmware_version == "1.2")
    assert dict(stack.device(device).configuration) == {"interval": 10}
    client.publish(f"{root}/config/reported", {"status": "on fire"})
    client.publish(f"{root}/config/reported", {"interval": 10})
    wrong, nothing = (received.json() for received in client.receive(2))
    assert (wrong["reason"], wrong["field"]) == ("INVALID_ARGUMENT", "config.status")
    assert nothing["reason"] == "INVALID_ARGUMENT"
    assert "give at least one of status, location" in nothing["message"]


def test_older_firmware(stack: Stack, device: Device) -> None:
    """Its reports are processed, and its errors are published on its own topics."""
    with logged_in(stack, device, device.name) as client:
        root = f"devices/{device.name}"
        client.subscribe(f"{root}/errors")
        client.publish(f"{root}/config/reported", {"firmware_version": "0.9"})
        eventually(lambda: stack.device(device).firmware_version == "0.9")
        client.publish(f"{root}/telemetry", b"{")
        error = client.receive()[0]
        assert (error.topic, error.json()["reason"]) == (f"{root}/errors", "INVALID_PAYLOAD")


# Topic and payload, by state.
PRESENCE: dict[str, tuple[str, object]] = {
    "nothing": ("iotflow/devices/{name}/status/{state}", b""),
    "text": ("iotflow/devices/{name}/status/{state}", b"good bye, or hello"),
    "JSON": ("iotflow/devices/{name}/status/{state}", {"battery": 3.7}),
    "in the payload": ("iotflow/devices/{name}/status", {"status": "{state}"}),
    "older": ("devices/{name}/status", {"status": "{state}"}),
    "older, a word": ("devices/{name}/status", b"{state}"),
}


@pytest.mark.parametrize("way", PRESENCE)
def test_presence(stack: Stack, device: Device, way: str) -> None:
    """A device is online until it reports otherwise, regardless of other fields."""
    topic, payload = PRESENCE[way]
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    with logged_in(stack, device, device.name) as client:
        for state, is_online in (("online", True), ("offline", False)):
            payload = content.replace(b"{state}", state.encode())
            client.publish(topic.format(name=device.name, state=state), payload)
            eventually(lambda expected=is_online: stack.device(device).is_online is expected)  # type: ignore[misc]
        older = f"devices/{device.name}/heartbeat"
        client.publish(older if "older" in way else f"iotflow/{older.replace('heartbeat', 'status/heartbeat')}", b"")
        eventually(lambda: stack.device(device).is_online)


# Topic and payload of an online device, and whether it is online afterwards; None: the message is rejected.
WORDS: dict[str, tuple[str, object, bool | None]] = {
    "will of another firmware": ("status", {"status": "OFFLINE"}, False),
    "a word": ("status", b"Offline", False),
    "a word in JSON": ("status", b'"OFFLINE"', False),
    "one topic for both": ("status/online", b"offline", False),
    "heartbeat with offline": ("status/heartbeat", {"status": "offline"}, False),
    "alive": ("status", {"status": "ALIVE"}, True),
    "online": ("status", {"status": " Online "}, True),
    "no word": ("status", {"battery": 3.7}, True),
    "unknown": ("status", {"status": "lost"}, None),
    "unknown text": ("status", b"connection lost", None),
    "no text": ("status", {"status": 0}, None),
}


@pytest.mark.parametrize("status", WORDS)
def test_status_words(stack: Stack, device: Device, client: MqttDevice, status: str) -> None:
    """The case is ignored. An unknown word changes nothing and is rejected."""
    root, (below, content, is_online) = f"iotflow/devices/{device.id}", WORDS[status]
    client.subscribe(f"{root}/errors")
    if is_online is False:
        client.publish(f"{root}/status/online", b"")
        eventually(lambda: stack.device(device).is_online)
    elif is_online is None:
        client.publish(f"{root}/status/offline", b"")
        client.publish(f"{root}/status", b"a word to wait for")
        client.receive()
    client.publish(f"{root}/{below}", content)
    if is_online is None:
        assert client.receive(2)[1].json()["reason"] == "UNKNOWN_STATUS"
    eventually(lambda: stack.device(device).is_online is bool(is_online))


def test_last_will(stack: Stack, device: Device, client: MqttDevice) -> None:
    """A device that disconnects without DISCONNECT is offline, by its last will."""
    root = f"iotflow/devices/{device.id}"
    client.publish(f"{root}/status/online", b"")
    eventually(lambda: stack.device(device).is_online)
    will = ["--will-topic", f"{root}/status/offline", "--will-payload", "offline", "--will-qos", "1"]
    login = ["-p", str(stack.port), "-u", str(device.id), "-P", device.key, "-d", "-t", f"{root}/errors"]
    with subprocess.Popen(
        ["stdbuf", "-oL", "mosquitto_sub", *login, *will], stdout=subprocess.PIPE, text=True
    ) as dying:
        assert dying.stdout
        assert any(line.startswith("Subscribed") for line in dying.stdout)
        dying.kill()
    eventually(lambda: not stack.device(device).is_online)
