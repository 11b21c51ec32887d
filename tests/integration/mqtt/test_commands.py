"""Commands to MQTT devices."""

import queue
from contextlib import ExitStack

import paho.mqtt.client as paho
import pytest

from tests.integration.mqtt.clients import PATIENCE, eventually, logged_in
from tests.support.mqtt import MOSQUITTO, Device, Stack
from tests.support.mqtt_device import MqttDevice, mqtt_device


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("reboot", "iotflow/devices/{id}/commands/control"),
        ("reboot", "iotflow/devices/{id}/commands"),
        ("reboot", "iotflow/devices/{name}/commands/control"),
        ("reboot", "devices/{name}/commands"),
        ("update_firmware", "iotflow/devices/{id}/commands/firmware"),
        ("apply_config", "iotflow/devices/{id}/commands/config"),
    ],
)
def test_command_and_its_acknowledgement(stack: Stack, device: Device, name: str, topic: str) -> None:
    topic = topic.format(id=device.id, name=device.name)
    own = device.name if device.name in topic else str(device.id)
    with logged_in(stack, device, own) as client:
        client.subscribe(topic)
        sent = stack.send_command(device, name, {"seconds": 3})
        received = client.receive()[0]
        assert received.topic == topic
        assert received.json() | {"created_at": ""} == {
            "id": sent.id,
            "command_id": sent.id,
            "device_id": device.id,
            "name": name,
            "command": name,
            "type": name,
            "parameters": {"seconds": 3},
            "created_at": "",
            "expires_at": None,
        }
        answer = {"command_id": sent.id, "state": "succeeded", "result": {"took": 2}}
        root = f"devices/{own}" if topic.startswith("devices/") else f"iotflow/devices/{own}"
        client.publish(f"{root}/commands/ack", answer)
        eventually(lambda: stack.command(sent.id).state == "succeeded")
        assert dict(stack.command(sent.id).result) == {"took": 2}


def test_command_waits_for_a_disconnected_device(stack: Stack, device: Device) -> None:
    """Commands arrive in the order of sending, although the device reports `online` before it subscribes."""
    sent = [stack.send_command(device, name, {}).id for name in ("first", "second", "third")]
    with logged_in(stack, device) as client:
        root = f"iotflow/devices/{device.id}"
        client.publish(f"{root}/status/online", b"")
        client.subscribe(f"{root}/commands/#")
        client.publish(f"{root}/status/online", b"")
        assert [received.json()["id"] for received in client.receive(len(sent))] == sent
        eventually(lambda: stack.command(sent[-1]).state == "delivered")
        client.publish(f"{root}/commands/ack", {"command_id": sent[0], "state": "failed"})
        client.publish(f"{root}/commands/ack", {"command_id": sent[0], "state": "failed"})
        eventually(lambda: stack.command(sent[0]).state == "failed")


def test_commands_to_many_devices_at_once(stack: Stack) -> None:
    """Each device receives its own commands, once and in order, and acknowledges them."""
    group = f"lamps of {stack.kind}"
    with ExitStack() as open_:
        lamps = [stack.register(f"{group} {number}", group) for number in range(8)]
        clients = {lamp.id: open_.enter_context(logged_in(stack, lamp)) for lamp in lamps}
        for device_id, client in clients.items():
            client.subscribe(f"iotflow/devices/{device_id}/commands/control")
        for name in ("on", "brighter", "off"):
            assert stack.send_group_command(group, name, {}, announce=False).commands_made == len(lamps)
        for device_id, client in clients.items():
            received = [message.json() for message in client.receive(3)]
            assert [command["name"] for command in received] == ["on", "brighter", "off"]
            for command in received:
                client.publish(f"iotflow/devices/{device_id}/commands/ack", {"command_id": command["id"]})
                eventually(lambda command_id=command["id"]: stack.command(command_id).state == "succeeded")  # type: ignore[misc]


def test_expired_command_is_not_delivered(stack: Stack, device: Device) -> None:
    """Not even to a session that the broker keeps for a disconnected device."""
    kept, topic = f"kept {device.id}", f"iotflow/devices/{device.id}/commands/control"
    with (
        logged_in(stack, device),
        mqtt_device(stack.port, str(device.id), device.key, kept, v5=False, kept=True) as client,
    ):
        client.subscribe(topic)
    stack.send_command(device, "too late", {}, seconds=1)
    # Brokers count whole seconds: when the second command has expired, the first has expired for them too.
    later = stack.send_command(device, "reboot", {}, seconds=3)
    eventually(lambda: stack.command(later.id).state == "expired")
    stack.send_command(device, "in time", {}, seconds=60)
    with mqtt_device(stack.port, str(device.id), device.key, kept, v5=False, kept=True) as client:
        client.publish(f"iotflow/devices/{device.id}/status/online", b"")
        client.wait(lambda: any(received.json()["name"] == "in time" for received in client.received))
        assert "too late" not in [received.json()["name"] for received in client.received]


def test_command_announced_to_a_group(stack: Stack, device: Device, client: MqttDevice) -> None:
    """On request, a command is published once for the group; each device acknowledges it by its `group_command`."""
    group = f"pumps of {device.id}"
    members = [stack.register(f"pump {number} of {device.id}", group) for number in range(3)]
    client.subscribe(f"iotflow/fleet/commands/{group}")
    stack.send_group_command(group, "start", {"rpm": 9}, announce=False)
    sent = stack.send_group_command(group, "stop", {"rpm": 0}, announce=True)
    command = client.receive()[0].json()
    assert command | {"created_at": ""} == {
        "group": group,
        "group_command": sent.group_command,
        "name": "stop",
        "command": "stop",
        "type": "stop",
        "parameters": {"rpm": 0},
        "created_at": "",
        "expires_at": None,
    }
    with logged_in(stack, members[1]) as pump:
        answer = {"group_command": command["group_command"], "state": "failed"}
        pump.publish(f"iotflow/devices/{members[1].id}/commands/ack", answer)
        eventually(lambda: stack.commands(members[1])["stop"] == "failed")
    assert [stack.commands(one)["stop"] for one in (members[0], members[2])] == ["queued", "queued"]
    assert [received.json()["name"] for received in client.received] == ["stop"]


# MQTT 3.1.1 knows no expiry of messages.
@pytest.mark.parametrize("stack", [MOSQUITTO], indirect=True)
def test_a_command_kept_by_the_broker_expires(stack: Stack, device: Device, client: MqttDevice) -> None:
    received: queue.Queue[paho.MQTTMessage] = queue.Queue()
    client.client.on_message = lambda _client, _data, message: received.put(message)
    client.subscribe(f"iotflow/devices/{device.id}/commands/control")
    stack.send_command(device, "open", {}, seconds=60)
    properties = received.get(timeout=PATIENCE).properties
    assert properties
    assert 0 < vars(properties)["MessageExpiryInterval"] <= 60


def test_rejected_acknowledgements(stack: Stack, device: Device, client: MqttDevice) -> None:
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    done = stack.send_command(device, "x", {}).id
    for state in ("succeeded", "failed"):
        client.publish(f"{root}/commands/ack", {"command_id": done, "state": state})
    assert client.receive()[0].json()["reason"] == "COMMAND_ENDED"
    # Commands are numbered in 64 bits, up to 2^53.
    unknown = [{"command_id": 2**53}, {"command_id": 999_999}, {"group_command": "another's"}]
    wrong = [
        {"command_id": 2**53 + 1},
        {"command_id": "x"},
        {"command_id": 1, "state": "perhaps"},
        {},
        {"group_command": 3},
    ]
    for answer in [*unknown, *wrong]:
        client.publish(f"{root}/commands/ack", answer)
    reasons = sorted(received.json()["reason"] for received in client.receive(9)[1:])
    assert reasons == ["COMMAND_NOT_FOUND"] * 3 + ["INVALID_PAYLOAD"] * 5
