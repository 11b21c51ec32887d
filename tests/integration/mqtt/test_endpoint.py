"""The MQTT endpoint acknowledges a message when the server has stored it."""

import functools
import socket
from collections.abc import Iterator

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in, stored
from tests.support import raw_mqtt
from tests.support.mqtt import EMBEDDED, Device, Stack, stack_at
from tests.support.mqtt_device import MqttDevice, mqtt_device


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("embedded"), EMBEDDED) as running:
        running.adapter().start()
        yield running


@pytest.mark.parametrize("qos", [1, 2])
def test_acknowledged_is_stored(stack: Stack, device: Device, client: MqttDevice, qos: int) -> None:
    """While the server is unavailable nothing is acknowledged; afterwards everything is, in order and once."""
    topic, away = f"iotflow/devices/{device.id}/telemetry", stack.adapters[0].logged("server_unavailable")
    stack.server.kill()
    # Without a time, a reading that is processed twice would be stored twice.
    sent = [client.begin(topic, {"data": {"n": number}}, qos) for number in range(10)]
    stack.adapters[0].wait_for("server_unavailable", away + 1)
    assert not any(map(client.has_acknowledged, sent))
    stack.server.start()
    client.wait(lambda: all(map(client.has_acknowledged, sent)))
    assert [row["n"] for _, row in sorted(stack.readings(device.id).items())] == list(range(10))


@pytest.mark.parametrize("qos", [1, 2])
def test_sent_again_before_it_was_acknowledged(stack: Stack, device: Device, qos: int) -> None:
    """After a broken connection it is the same message, which is stored once although it has no time."""
    away = stack.adapters[0].logged("server_unavailable")
    with mqtt_device(stack.port, str(device.id), device.key, f"again {device.id}", v5=False, kept=True) as client:
        # Logins fail until the server has started, and paho would wait longer after each.
        client.client.reconnect_delay_set(1, 1)
        stack.server.kill()
        sent = client.begin(f"iotflow/devices/{device.id}/telemetry", {"data": {"n": 1}}, qos)
        stack.adapters[0].wait_for("server_unavailable", away + 1)
        client.break_off()
        stack.server.start()
        client.wait(lambda: client.has_acknowledged(sent))
    assert len(stack.readings(device.id)) == 1


def test_publish_to_a_foreign_topic(device: Device, client: MqttDevice) -> None:
    """MQTT 3.1.1 has no answer for it; the error is published on the device's own topic."""
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    for topic in ("iotflow/devices/999/telemetry", f"iotflow/devices/not {device.name}/telemetry"):
        client.publish(topic, {"data": {"forged": 1}})
    for error in [received.json() for received in client.receive(2)]:
        assert error["reason"] == "NOT_YOUR_TOPIC"
        assert f"iotflow/devices/{device.id}/" in error["message"]
    client.publish(f"iotflow/devices/{device.id}/telemtry", {"data": {"t": 1}})
    assert client.receive(3)[2].json()["reason"] == "UNKNOWN_TOPIC"


def test_nothing_is_acknowledged_without_a_login(stack: Stack, device: Device) -> None:
    """A client that cannot be informed of a rejection is disconnected, except for a registration."""
    with mqtt_device(stack.port, None, None, "stranger", v5=False) as stranger:
        sent = stranger.begin(f"iotflow/devices/{device.id}/telemetry", {"data": {"t": 1}})
        stranger.wait(lambda: stranger.end is not None)
        assert not stranger.has_acknowledged(sent)
    assert not stack.readings(device.id)


def test_command_reaches_a_subscriber(stack: Stack, device: Device) -> None:
    """At once, although the device reports no status; also through a resumed session."""
    topic, name = f"iotflow/devices/{device.id}/commands/control", f"wakes {device.id}"
    login = (stack.port, str(device.id), device.key, name)
    for command in ("first", "second"):
        sent = stack.send_command(device, command, {})
        with logged_in(stack, device), mqtt_device(*login, v5=False, kept=True) as client:
            if command == "first":
                client.subscribe(topic)
            assert client.receive()[0].json() | {"created_at": ""} == {
                "id": sent.id,
                "command_id": sent.id,
                "device_id": device.id,
                "name": command,
                "command": command,
                "type": command,
                "parameters": {},
                "created_at": "",
                "expires_at": None,
            }
            eventually(lambda sent=sent: stack.command(sent.id).state == "delivered")  # type: ignore[misc]


def test_an_unavailable_server_is_not_a_wrong_key(stack: Stack, device: Device, client: MqttDevice) -> None:
    assert client.connection == "Success"
    stack.server.kill()
    with mqtt_device(stack.port, str(device.id), device.key, v5=False) as waiting:
        assert waiting.connection == "Server unavailable"
    stack.server.start()
    with logged_in(stack, device) as again:
        assert again.connection == "Success"


def test_a_client_of_mqtt_5_learns_of_a_rejection_by_its_acknowledgement(stack: Stack, device: Device) -> None:
    """A message of which a part is stored is a success."""
    root, other = f"iotflow/devices/{device.id}", f"iotflow/devices/not {device.name}"
    good, bad = {"data": {"t": 1}}, {"data": {"t": "warm"}}
    with mqtt_device(stack.port, str(device.id), device.key) as client:
        for topic, content, answer in (
            (f"{root}/telemetry", good, "Success"),
            (f"{root}/telemetry", bad, "Implementation specific error"),
            (f"{root}/telemetry", [bad, bad], "Implementation specific error"),
            (f"{root}/telemetry", [good, bad], "Success"),
            (f"{root}/telemetry", {"data": {"t": "warm", "u": 1}}, "Success"),
            (f"{root}/telemetry", b"{", "Payload format invalid"),
            (f"{root}/telemetry", b" " * 8_388_609, "Quota exceeded"),
            (f"{root}/telemtry", good, "Topic name invalid"),
            (f"{other}/telemetry", good, "Not authorized"),
            (f"{root}/status", "asleep", "Implementation specific error"),
            (f"{root}/commands/ack", {"command_id": 999_999}, "Implementation specific error"),
        ):
            assert client.publish(topic, content) == answer, content
    assert [row for _, row in sorted(stack.readings(device.id).items())] == [{"t": 1.0}, {"t": 1.0}, {"u": 1.0}]


def test_a_probe_that_sends_no_byte_is_not_logged(stack: Stack) -> None:
    """The server's check of the broker is such a probe. A client that disconnects after its first byte is logged."""
    ended = "the client closed the connection before CONNECT"
    before = stack.adapters[0].logged(ended)
    socket.create_connection(("127.0.0.1", stack.port)).close()
    with socket.create_connection(("127.0.0.1", stack.port)) as client:
        client.sendall(bytes([raw_mqtt.CONNECT]))
    stack.adapters[0].wait_for(ended, before + 1)
    assert stack.adapters[0].logged(ended) == before + 1


def test_the_log_has_the_reason_of_a_rejected_login(stack: Stack, device: Device) -> None:
    inactive, key = f"the device is inactive; an admin can set it active: {device.id}", f"wrong key: {device.id}"
    for password, status, problem in ((device.key, "inactive", inactive), ("wrong", "active", key)):
        stack.set_status(device, status)
        # The adapter's directory follows the server with a delay, and both the log and rejected logins are limited.
        eventually(functools.partial(_is_rejected, stack, (str(device.id), password), problem), every=1.0)


def _is_rejected(stack: Stack, login: tuple[str, str], problem: str) -> bool:
    with mqtt_device(stack.port, *login, v5=False) as client:
        assert client.connection == "Not authorized"
    return stack.adapters[0].logged(problem) > 0


@pytest.mark.parametrize("length", [0, 1, 8])
def test_a_client_that_disconnects_during_connect_leaves_nothing_behind(
    stack: Stack, device: Device, length: int
) -> None:
    """Port probes do so."""
    with socket.create_connection(("127.0.0.1", stack.port)) as line:
        line.sendall(b"\x10\x20\x00\x04MQTT"[:length])
    with logged_in(stack, device):
        assert stack.adapters[0].logged("Traceback") == 0


def test_a_last_will_needs_the_same_permissions(stack: Stack, device: Device, client: MqttDevice) -> None:
    other = stack.register(f"not the one {device.id}")
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    will = f"iotflow/devices/{other.id}/telemetry", b'{"data":{"forged":1}}'
    with mqtt_device(stack.port, str(device.id), device.key, v5=False, will=will) as dying:
        dying.break_off()
        assert client.receive()[0].json()["reason"] == "NOT_YOUR_TOPIC"
    with logged_in(stack, other) as honest:
        honest.publish(f"iotflow/devices/{other.id}/telemetry", {"data": {"t": 1}})
        assert [set(row) for row in stored(stack, other).values()] == [{"t"}]


def test_client_id_of_another_connection(stack: Stack, device: Device) -> None:
    """With a wrong key it disconnects no client. With the right key the newer connection replaces the older one."""
    topic, login = f"iotflow/devices/{device.id}/telemetry", (stack.port, str(device.id))
    with mqtt_device(*login, device.key, "sensor", v5=False) as first:
        first.client.reconnect_delay_set(60, 60)
        with mqtt_device(*login, "wrong", "sensor", v5=False) as intruder:
            assert intruder.connection != "Success"
        first.publish(topic, {"data": {"t": 1}})
        assert first.end is None
        with mqtt_device(*login, device.key, "sensor", v5=False) as second:
            first.wait(lambda: first.end is not None)
            second.publish(topic, {"data": {"t": 2}})
            assert second.end is None


def test_client_id_of_another_device_ends_neither_connection_nor_session(stack: Stack, device: Device) -> None:
    """A client that guesses a device's client id takes nothing from it, with the key of another device or without a login."""
    root, other = f"iotflow/devices/{device.id}", stack.register(f"namesake of {device.id}")
    session = {"v5": False, "kept": True}
    with logged_in(stack, other):
        pass
    with mqtt_device(stack.port, str(device.id), device.key, "shared", **session) as listener:
        listener.client.reconnect_delay_set(60, 60)
        listener.subscribe(f"{root}/errors")
        for login in ((str(other.id), other.key), ("", "")):
            with raw_mqtt.connected(stack.port, *login, client_id="shared"):
                with logged_in(stack, device) as talker:
                    talker.publish(f"{root}/telemetry", {"data": 3})
                assert listener.receive()[0].json()["reason"] == "INVALID_PAYLOAD"
                listener.received.clear()
        assert listener.end is None
    with (
        raw_mqtt.connected(stack.port, str(other.id), other.key, client_id="shared"),
        logged_in(stack, device) as talker,
    ):
        talker.publish(f"{root}/telemetry", {"data": 3})
    with mqtt_device(stack.port, str(device.id), device.key, "shared", **session) as listener:
        assert listener.receive()[0].json()["reason"] == "INVALID_PAYLOAD"


def test_queued_messages_are_delivered_later(stack: Stack, device: Device) -> None:
    """To a persistent session, which no other client can take over."""
    root, name = f"iotflow/devices/{device.id}", f"kept {device.id}"
    other = stack.register(f"heir of {device.id}")
    with mqtt_device(stack.port, str(device.id), device.key, name, v5=False, kept=True) as listener:
        listener.subscribe(f"{root}/errors")
    with logged_in(stack, device) as talker:
        talker.publish(f"{root}/telemetry", {"data": 3})
    with mqtt_device(stack.port, str(device.id), device.key, name, v5=False, kept=True) as listener:
        assert listener.receive()[0].json()["reason"] == "INVALID_PAYLOAD"
    with logged_in(stack, device) as talker:
        talker.publish(f"{root}/telemetry", {"data": 3})
    with logged_in(stack, other), mqtt_device(stack.port, str(other.id), other.key, name, v5=False, kept=True) as heir:
        heir.subscribe(f"iotflow/devices/{other.id}/errors")
        heir.publish(f"iotflow/devices/{other.id}/telemetry", b"{")
        assert {received.topic for received in heir.receive()} == {f"iotflow/devices/{other.id}/errors"}
