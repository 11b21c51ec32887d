"""Commands, as an MQTT device sees them."""

import queue
from contextlib import ExitStack

import grpc
import paho.mqtt.client as paho
import pytest

from iotflow.v1.admin_service_pb2 import SendCommandRequest, SendGroupCommandRequest
from iotflow.v1.admin_service_pb2_grpc import AdminServiceStub
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.integration.mqtt.clients import PATIENCE, eventually, logged_in
from tests.mqtt import EMBEDDED, MOSQUITTO, Device, Stack
from tests.mqtt_device import MqttDevice


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("reboot", "iotflow/devices/{id}/commands/control"),
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
        root = f"devices/{own}" if topic.startswith("devices/") else f"iotflow/devices/{own}"
        client.publish(f"{root}/commands/ack", answer)
        eventually(lambda: stack.command(sent.id).state == "succeeded")
        assert dict(stack.command(sent.id).result) == {"took": 2}


def test_command_waits_for_a_device_that_is_away(stack: Stack, device: Device) -> None:
    """And comes in the order in which it was sent, though the device says that it is there before it listens."""
    sent = [stack.send_command(device, name, {}).id for name in ("first", "second", "third")]
    with logged_in(stack, device) as client:
        root = f"iotflow/devices/{device.id}"
        client.publish(f"{root}/status/online", b"")
        client.subscribe(f"{root}/commands/#")
        client.publish(f"{root}/status/online", b"")
        # Without MQTT 5's word that nobody listens the server offers it again after half a minute.
        client.wait(lambda: len(client.heard) >= len(sent), 45)
        assert [heard.json()["id"] for heard in client.heard] == sent
        if stack.kind != EMBEDDED:
            eventually(lambda: stack.command(sent[-1]).state == "delivered")
        client.publish(f"{root}/commands/ack", {"command_id": sent[0], "state": "failed"})
        client.publish(f"{root}/commands/ack", {"command_id": sent[0], "state": "failed"})
        eventually(lambda: stack.command(sent[0]).state == "failed")


def test_commands_to_many_devices_at_once(stack: Stack) -> None:
    """Each device gets its own, once and in order, and answers for itself."""
    group = f"lamps of {stack.kind}"
    with ExitStack() as open_, grpc.insecure_channel(stack.server.target) as channel:
        lamps = []
        for number in range(8):
            wanted = RegisterDeviceRequest(name=f"{group} {number}", device_type=group)
            made = DeviceServiceStub(channel).RegisterDevice(wanted, timeout=PATIENCE).device
            lamps.append(Device(made.id, made.name, made.api_key))
        clients = {lamp.id: open_.enter_context(logged_in(stack, lamp)) for lamp in lamps}
        for device_id, client in clients.items():
            client.subscribe(f"iotflow/devices/{device_id}/commands/control")
        for name in ("on", "brighter", "off"):
            request = SendGroupCommandRequest(group=group, name=name)
            answer = AdminServiceStub(channel).SendGroupCommand(request, metadata=stack.admin, timeout=PATIENCE)
            assert answer.commands_made == len(lamps)
        for device_id, client in clients.items():
            heard = [message.json() for message in client.hear(3)]
            assert [command["name"] for command in heard] == ["on", "brighter", "off"]
            for command in heard:
                client.publish(f"iotflow/devices/{device_id}/commands/ack", {"command_id": command["id"]})
                eventually(lambda command_id=command["id"]: stack.command(command_id).state == "succeeded")  # type: ignore[misc]


# MQTT 3.1.1 knows no expiry of messages.
@pytest.mark.parametrize("stack", [MOSQUITTO], indirect=True)
def test_what_the_broker_keeps_of_a_command_expires_with_it(stack: Stack, device: Device, client: MqttDevice) -> None:
    heard: queue.Queue[paho.MQTTMessage] = queue.Queue()
    client.client.on_message = lambda _client, _data, message: heard.put(message)
    client.subscribe(f"iotflow/devices/{device.id}/commands/control")
    request = SendCommandRequest(device_id=device.id, name="open", time_to_live_seconds=60)
    with grpc.insecure_channel(stack.server.target) as channel:
        AdminServiceStub(channel).SendCommand(request, metadata=stack.admin, timeout=PATIENCE)
    properties = heard.get(timeout=PATIENCE).properties
    assert properties
    assert 0 < vars(properties)["MessageExpiryInterval"] <= 60


def test_refused_answers(stack: Stack, device: Device, client: MqttDevice) -> None:
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    done = stack.send_command(device, "x", {}).id
    for state in ("succeeded", "failed"):
        client.publish(f"{root}/commands/ack", {"command_id": done, "state": state})
    assert client.hear()[0].json()["reason"] == "COMMAND_ENDED"
    answers = [{"command_id": 999_999}, {"command_id": "x"}, {"command_id": 1, "state": "perhaps"}]
    for answer in answers:
        client.publish(f"{root}/commands/ack", answer)
    reasons = sorted(heard.json()["reason"] for heard in client.hear(4)[1:])
    assert reasons == ["COMMAND_NOT_FOUND", "INVALID_PAYLOAD", "INVALID_PAYLOAD"]
