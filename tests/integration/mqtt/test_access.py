"""Authentication of clients, and the topics that they may use."""

import pytest

from tests.integration.mqtt.clients import eventually, logged_in, stored
from tests.support.mqtt import EMBEDDED, Device, Stack
from tests.support.mqtt_device import MqttDevice, mqtt_device

READING = {"data": {"t": 1}}
SUBSCRIBED = ("Granted QoS 0", "Granted QoS 1")


@pytest.mark.parametrize("key", ["", "wrong", "another's"])
def test_wrong_key(stack: Stack, device: Device, client: MqttDevice, key: str) -> None:
    assert client.connection == "Success"
    shown = stack.register(f"other {stack.port} {device.id}").key if key == "another's" else key
    with mqtt_device(stack.port, str(device.id), shown, v5=stack.v5) as intruder:
        assert intruder.connection != "Success"


def test_the_adapters_account_requires_a_token(stack: Stack) -> None:
    with mqtt_device(stack.port, "iotflow/gateway", "wrong", v5=stack.v5) as intruder:
        assert intruder.connection != "Success"


def test_no_device_can_take_over_the_adapters_session(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Its waiting messages go to a client with its client id, which cannot be guessed."""
    before = stack.adapters[0].logged("broker_lost")
    with mqtt_device(stack.port, str(device.id), device.key, "iotflow-gateway-1", v5=stack.v5) as thief:
        assert thief.connection == "Success"
        client.publish(f"iotflow/devices/{device.id}/telemetry", READING)
        assert stored(stack, device)
    assert stack.adapters[0].logged("broker_lost") == before


def test_another_devices_topics(stack: Stack, device: Device, client: MqttDevice) -> None:
    """A device neither publishes nor receives on them, by id, by name or by a wildcard."""
    other = stack.register(f"overheard {device.id}")
    with logged_in(stack, other) as other_client:
        for topic in (f"iotflow/devices/{other.id}/#", "iotflow/devices/+/telemetry", "iotflow/#", "#"):
            client.subscribe(topic)
        answer = client.publish(f"iotflow/devices/{other.id}/telemetry", {"data": {"forged": 1}})
        if stack.v5:
            assert answer == "Not authorized"
        client.publish(f"iotflow/devices/{other.name}/telemetry", {"data": {"forged": 1}})
        client.publish(f"devices/{other.name}/telemetry", {"data": {"forged": 1}})
        other_client.publish(f"iotflow/devices/{other.id}/telemetry", READING)
        assert [set(row) for row in stored(stack, other).values()] == [{"t"}]
        client.publish(f"iotflow/devices/{device.id}/telemetry", READING)
        assert stored(stack, device)
    assert {received.topic for received in client.received} <= {f"iotflow/devices/{device.id}/telemetry"}


def test_removed_device_is_disconnected_at_once(stack: Stack, device: Device, client: MqttDevice) -> None:
    """It cannot log in again, and no other client is disconnected."""
    other = stack.register(f"stays with {device.id}")
    with logged_in(stack, other) as bystander:
        stack.remove(device)
        client.wait(lambda: client.end is not None, 5)
        eventually(lambda: not _accepts(stack, device))
        assert bystander.publish(f"iotflow/devices/{other.id}/telemetry", READING) == "Success"
        assert bystander.end is None


def test_suspended_device_is_disconnected_until_it_is_active_again(
    stack: Stack, device: Device, client: MqttDevice
) -> None:
    stack.set_status(device, "inactive")
    client.wait(lambda: client.end is not None, 5)
    eventually(lambda: not _accepts(stack, device))
    stack.set_status(device, "active")
    with logged_in(stack, device) as again:
        again.publish(f"iotflow/devices/{device.id}/telemetry", READING)
        assert stored(stack, device)


def test_rotated_key(stack: Stack, device: Device, client: MqttDevice) -> None:
    """The new key is valid at once. Mosquitto has no grace period for the old one; the endpoint asks the server, which has one."""
    rotated = stack.rotate(device)
    with logged_in(stack, rotated) as again:
        again.publish(f"iotflow/devices/{device.id}/telemetry", READING)
        assert stored(stack, device)
    assert _accepts(stack, device) is (stack.kind == EMBEDDED)
    if stack.kind != EMBEDDED:
        client.wait(lambda: client.end is not None, 5)


def test_renamed_device_logs_in_by_its_new_name(stack: Stack, device: Device, client: MqttDevice) -> None:
    assert client.connection == "Success"
    renamed = stack.rename(device, f"renamed {device.id}")
    with logged_in(stack, renamed, renamed.name) as again:
        again.publish(f"iotflow/devices/{renamed.name}/telemetry", READING)
        assert stored(stack, device)


@pytest.mark.parametrize("name", ["colon: {}", " space before {}", "ümlaut {}", "$SYS{}", "%u{}"])
def test_names_with_a_meaning_to_brokers(stack: Stack, device: Device, name: str) -> None:
    """Every device can log in by its id. A login by its name reaches at most its own topics."""
    odd = stack.register(name.format(f"{device.id} {stack.kind}"))
    with logged_in(stack, odd) as client:
        client.publish(f"iotflow/devices/{odd.id}/telemetry", READING)
        assert stored(stack, odd)
    with mqtt_device(stack.port, odd.name.strip(), odd.key, v5=stack.v5) as by_name:
        if odd.name != odd.name.strip():
            assert by_name.connection != "Success"


def test_registration(stack: Stack, device: Device) -> None:
    """A client without an account registers a device where registration is open, and only that client receives the answer."""
    name = f"newcomer {device.id}"
    with (
        mqtt_device(stack.port, None, client_id="eavesdropper", v5=stack.v5) as other,
        mqtt_device(stack.port, None, client_id=name, v5=stack.v5) as newcomer,
    ):
        for topic in ("iotflow/discovery/response/+", f"iotflow/discovery/response/{name}", "#"):
            other.subscribe(topic)
        assert newcomer.subscribe(f"iotflow/discovery/response/{name}") in SUBSCRIBED
        newcomer.publish(f"iotflow/discovery/register/{name}", {"device_type": "esp32", "location": "hall"})
        made = newcomer.receive()[0].json()["device"]
        assert (made["name"], made["device_type"], made["location"]) == (name, "esp32", "hall")
        newcomer.publish(f"iotflow/discovery/register/{name}", b"")
        assert newcomer.receive(2)[1].json()["reason"] == "NAME_TAKEN"
        for number, token in enumerate(("made up", "not ASCII: ü", "two\nlines"), 3):
            newcomer.publish(f"iotflow/discovery/register/{name}", {"token": token})
            assert newcomer.receive(number)[-1].json()["reason"] == "WRONG_TOKEN"
        assert not other.received
        # A name other than the client id is not registered: no client would receive the key.
        other.begin(f"iotflow/discovery/register/stillborn {device.id}", {})
        if stack.kind == EMBEDDED:
            other.wait(lambda: other.end is not None)
        else:
            assert other.publish(f"iotflow/discovery/register/stillborn {device.id}", {}) == "Not authorized"
    assert stack.register(f"stillborn {device.id}")
    registered = Device(made["id"], made["name"], made["api_key"])
    with logged_in(stack, registered) as client:
        client.publish(f"iotflow/devices/{registered.id}/telemetry", READING)
        assert stored(stack, registered)


@pytest.mark.parametrize("body", [b"{", b"[1]", b"7", b'{"device_type": 5}', b'{"token": []}'])
def test_invalid_registration(stack: Stack, device: Device, body: bytes) -> None:
    """It is answered with an error, and registers no device."""
    name = f"none {device.id}"
    with mqtt_device(stack.port, None, client_id=name, v5=stack.v5) as newcomer:
        newcomer.subscribe(f"iotflow/discovery/response/{name}")
        newcomer.publish(f"iotflow/discovery/register/{name}", body)
        assert newcomer.receive()[0].json()["reason"] == "INVALID_PAYLOAD"
        newcomer.publish(f"iotflow/discovery/register/{name}", b"")
        assert newcomer.receive(2)[1].json()["status"] == "success"


def _accepts(stack: Stack, device: Device) -> bool:
    with mqtt_device(stack.port, str(device.id), device.key, v5=stack.v5) as client:
        return client.connection == "Success"
