"""Commands, configurations and presence, as an MQTT device sees them."""

import pytest

from tests.integration.mqtt.clients import eventually, logged_in
from tests.mqtt import Device, Stack
from tests.mqtt_device import MqttDevice, mqtt_device


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
def test_command_and_its_answer(stack: Stack, device: Device, name: str, topic: str) -> None:
    topic = topic.format(id=device.id, name=device.name)
    own = device.name if device.name in topic else str(device.id)
    with logged_in(stack, device, own) as client:
        client.subscribe(topic)
        sent = stack.send_command(device, name, {"seconds": 3})
        heard = client.hear()[0]
        assert heard.topic == topic
        assert heard.json() | {"created_at": ""} == {
            "id": sent.id,
            "name": name,
            "parameters": {"seconds": 3},
            "created_at": "",
            "expires_at": None,
        }
        answer = {"command_id": sent.id, "state": "succeeded", "result": {"took": 2}}
        client.publish(f"iotflow/devices/{own}/commands/ack", answer)
        eventually(lambda: stack.command(sent.id).state == "succeeded")
        assert dict(stack.command(sent.id).result) == {"took": 2}


def test_command_waits_for_a_device_that_is_away(stack: Stack, device: Device) -> None:
    sent = stack.send_command(device, "reboot", {})
    with logged_in(stack, device) as client:
        root = f"iotflow/devices/{device.id}"
        client.subscribe(f"{root}/commands/#")
        client.publish(f"{root}/status/online", b"")
        assert client.hear()[0].json()["id"] == sent.id
        eventually(lambda: stack.command(sent.id).state == "delivered")
        client.publish(f"{root}/commands/ack", {"command_id": sent.id, "state": "failed"})
        client.publish(f"{root}/commands/ack", {"command_id": sent.id, "state": "failed"})
        eventually(lambda: stack.command(sent.id).state == "failed")


def test_expired_command_does_not_come(stack: Stack, device: Device) -> None:
    """Not even to a session that the broker keeps while the device is away."""
    kept, topic = f"kept {device.id}", f"iotflow/devices/{device.id}/commands/control"
    with (
        logged_in(stack, device),
        mqtt_device(stack.port, str(device.id), device.key, kept, v5=False, kept=True) as client,
    ):
        client.subscribe(topic)
    stack.send_command(device, "too late", {}, seconds=1)
    # Brokers count whole seconds: the first one's time is over for them too when the second one's is.
    later = stack.send_command(device, "reboot", {}, seconds=3)
    eventually(lambda: stack.command(later.id).state == "expired")
    stack.send_command(device, "in time", {}, seconds=60)
    with mqtt_device(stack.port, str(device.id), device.key, kept, v5=False, kept=True) as client:
        client.publish(f"iotflow/devices/{device.id}/status/online", b"")
        client.wait(lambda: any(heard.json()["name"] == "in time" for heard in client.heard))
        assert "too late" not in [heard.json()["name"] for heard in client.heard]


def test_command_told_to_a_group(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Where that is asked for: once for all, and each device answers for itself, by what the commands have in common."""
    group = f"pumps of {device.id}"
    members = [stack.register(f"pump {number} of {device.id}", group) for number in range(3)]
    client.subscribe(f"iotflow/fleet/commands/{group}")
    stack.send_group_command(group, "start", {"rpm": 9}, announce=False)
    sent = stack.send_group_command(group, "stop", {"rpm": 0}, announce=True)
    said = client.hear()[0].json()
    assert said | {"created_at": ""} == {
        "group": group,
        "group_command": sent.group_command,
        "name": "stop",
        "parameters": {"rpm": 0},
        "created_at": "",
        "expires_at": None,
    }
    with logged_in(stack, members[1]) as pump:
        answer = {"group_command": said["group_command"], "state": "failed"}
        pump.publish(f"iotflow/devices/{members[1].id}/commands/ack", answer)
        eventually(lambda: stack.commands(members[1])["stop"] == "failed")
    assert [stack.commands(one)["stop"] for one in (members[0], members[2])] == ["queued", "queued"]
    assert [heard.json()["name"] for heard in client.heard] == ["stop"]


def test_refused_answers(device: Device, client: MqttDevice) -> None:
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    unknown = [{"command_id": 999_999}, {"group_command": "another's"}]
    wrong = [{"command_id": "x"}, {"command_id": 1, "state": "perhaps"}, {}, {"group_command": 3}]
    for answer in [*unknown, *wrong]:
        client.publish(f"{root}/commands/ack", answer)
    reasons = sorted(heard.json()["reason"] for heard in client.hear(6))
    assert reasons == ["COMMAND_NOT_FOUND"] * 2 + ["INVALID_PAYLOAD"] * 4


def test_desired_configuration_is_retained(stack: Stack, device: Device, client: MqttDevice) -> None:
    topic = f"iotflow/devices/{device.id}/config"
    client.subscribe(topic)
    stack.set_desired(device, {"interval": 10})
    assert client.hear()[0].json() == {"version": 1, "desired": {"interval": 10}}
    stack.set_desired(device, {"interval": 20})
    assert client.hear(2)[1].json() == {"version": 2, "desired": {"interval": 20}}
    with logged_in(stack, device, device.name) as later:
        later.subscribe(f"iotflow/devices/{device.name}/config")
        later.wait(lambda: any(heard.retained and heard.json()["version"] == 2 for heard in later.heard))


def test_retained_configuration_follows_the_name(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Whoever has the name next does not find it."""
    assert client.connection == "Success"
    stack.set_desired(device, {"secret": 1})
    before, after = device.name, f"now {device.name}"
    with logged_in(stack, device, before) as first:
        first.subscribe(f"iotflow/devices/{before}/config")
        first.hear()
    renamed = stack.rename(device, after)
    with logged_in(stack, renamed, after) as again:
        again.subscribe(f"iotflow/devices/{after}/config")
        assert again.hear()[0].json()["desired"] == {"secret": 1}
    heir = stack.register(before)
    with logged_in(stack, heir, before) as next_one:
        next_one.subscribe(f"iotflow/devices/{before}/config")
        stack.set_desired(heir, {"own": 1})
        next_one.wait(lambda: any(b"own" in heard.payload for heard in next_one.heard))
        assert not any(b"secret" in heard.payload for heard in next_one.heard)
    stack.remove(renamed)
    heir = stack.register(after)
    with logged_in(stack, heir, after) as next_one:
        next_one.subscribe(f"iotflow/devices/{after}/config")
        stack.set_desired(heir, {"own": 1})
        next_one.wait(lambda: any(b"own" in heard.payload for heard in next_one.heard))
        assert not any(b"secret" in heard.payload for heard in next_one.heard)


def test_reported_configuration(stack: Stack, device: Device, client: MqttDevice) -> None:
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    client.publish(f"{root}/config/reported", {"firmware_version": "1.2", "configuration": {"interval": 10}})
    eventually(lambda: stack.device(device).firmware_version == "1.2")
    assert dict(stack.device(device).configuration) == {"interval": 10}
    client.publish(f"{root}/config/reported", {"status": "on fire"})
    assert client.hear()[0].json()["reason"]


def test_last_will(stack: Stack, device: Device) -> None:
    """A device whose line is cut is offline at once."""
    with logged_in(stack, device):
        root = f"iotflow/devices/{device.id}/status"
        will = f"{root}/offline", b""
        with mqtt_device(stack.port, str(device.id), device.key, v5=False, will=will) as client:
            client.publish(f"{root}/online", b"")
            eventually(lambda: stack.device(device).is_online)
            client.client.reconnect_delay_set(60, 60)
            client.break_off()
            eventually(lambda: not stack.device(device).is_online)


@pytest.mark.parametrize("topic", ["iotflow/devices/{}/status/{}", "iotflow/devices/{}/status", "devices/{}/status"])
def test_presence(stack: Stack, device: Device, topic: str) -> None:
    """Online until it says otherwise: by the topic, or in what it says."""
    with logged_in(stack, device, device.name) as client:

        def say(state: str) -> None:
            client.publish(topic.format(device.name, state), {"status": state})

        say("online")
        eventually(lambda: stack.device(device).is_online)
        say("offline")
        eventually(lambda: not stack.device(device).is_online)
        for heartbeat in ("devices/{}/heartbeat", "iotflow/devices/{}/status/heartbeat"):
            client.publish(heartbeat.format(device.name), b"")
            eventually(lambda: stack.device(device).is_online)
            say("offline")
            eventually(lambda: not stack.device(device).is_online)
