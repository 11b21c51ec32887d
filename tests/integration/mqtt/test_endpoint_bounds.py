"""Limits of a client of the MQTT endpoint. However a connection ends, it is closed, and the last will is published."""

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in, stored
from tests.support import raw_mqtt as raw
from tests.support.mqtt import EMBEDDED, Device, Stack, mqtt_stack, stack_at
from tests.support.mqtt_device import mqtt_device

WILL = b'{"data": {"will": 1}}'
# As the endpoint has it, with what a busy machine adds.
CONNECT_SECONDS, LATE_SECONDS = 10.0, 10.0
MIB = 2**20


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("bounds"), EMBEDDED) as running:
        running.adapter().start()
        yield running


@pytest.fixture(scope="module", autouse=True)
def silent(stack: Stack) -> Iterator[tuple[float, list[socket.socket]]]:
    """Connections that send no CONNECT, with their start times; the last test of the module checks them."""
    beginnings = (b"", raw.connect("nobody")[:1], raw.connect("nobody")[:-1])
    with ExitStack() as lines:
        opened = [lines.enter_context(raw.line(stack.port)) for _ in beginnings]
        for connection, beginning in zip(opened, beginnings, strict=True):
            connection.sendall(beginning)
        yield time.monotonic(), opened


def malformed() -> dict[str, bytes]:
    """Packets that a client may not send after its login."""
    return {
        "topic with +": raw.publish("iotflow/devices/+/telemetry", WILL),
        "topic with #": raw.publish("iotflow/#", WILL, 0x02, 1),
        "topic that is empty": raw.publish("", WILL),
        "topic with a null character": raw.publish("t\0", WILL),
        "topic that is not UTF-8": raw.publish(b"\xc3\x28", WILL),
        "topic with a surrogate": raw.publish(b"\xed\xa0\x80", WILL),
        "topic longer than its packet": raw.packet(raw.PUBLISH, b"\xff\xff" + b"t"),
        "QoS 3": raw.publish("t", WILL, 0x06, 1),
        "packet id 0": raw.publish("t", WILL, 0x02, 0),
        "no packet id": raw.packet(raw.PUBLISH | 2, raw.text("t")),
        "subscription to nothing": raw.subscribe(),
        "subscription with QoS 3": raw.subscribe("t", qos=3),
        "subscription to an empty filter": raw.subscribe(""),
        "subscription with packet id 0": raw.subscribe("t", packet_id=0),
        "subscription with wrong flags": raw.packet(0x80, b"\0\1" + raw.text("t") + b"\0"),
        "subscription to 101 filters": raw.subscribe(*["t"] * 101),
        "subscription that breaks off": raw.packet(raw.SUBSCRIBE, b"\0\1" + raw.text("t")),
        "subscription that is not UTF-8": raw.packet(raw.SUBSCRIBE, b"\0\1" + raw.text(b"\xff") + b"\0"),
        "unsubscription from nothing": raw.packet(0xA2, b"\0\1"),
        "unsubscription with wrong flags": raw.packet(0xA0, b"\0\1" + raw.text("t")),
        "PUBACK that goes on": raw.packet(0x40, b"\0\1\0"),
        "PUBACK of nothing": raw.packet(0x40),
        "PUBREL with wrong flags": raw.packet(0x60, b"\0\1"),
        "PINGREQ with a body": raw.packet(raw.PINGREQ, b"\0"),
        "DISCONNECT with flags": raw.packet(0xE1),
        "type 0": raw.packet(0x00),
        "type 15": raw.packet(0xF0),
        "CONNACK": raw.packet(0x20, b"\0\0"),
        "SUBACK": raw.packet(0x90, b"\0\1\0"),
        "PINGRESP": raw.packet(0xD0),
        "a second CONNECT": raw.connect("nobody"),
        "a size of five bytes": bytes([raw.PUBLISH]) + b"\xff" * 5,
        "PUBLISH of 256 MB": bytes([raw.PUBLISH]) + raw.size(268_435_455),
        "SUBSCRIBE of 1 MB": bytes([raw.SUBSCRIBE]) + raw.size(2**20),
        "nothing more": b"",
    }


MALFORMED = malformed()


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_packet_closes_the_connection_and_publishes_the_will(
    stack: Stack, device: Device, what: str
) -> None:
    """Only a DISCONNECT ends a connection without the last will."""
    will = f"iotflow/devices/{device.id}/telemetry", WILL
    with raw.connected(stack.port, str(device.id), device.key, will=will) as connection:
        connection.sendall(MALFORMED[what])
        if what == "nothing more":
            connection.shutdown(socket.SHUT_WR)
        assert raw.is_closed(connection)
    assert [row["will"] for row in stored(stack, device).values()] == [1.0]
    assert not stack.adapters[0].logged("Traceback")


BEGINNINGS = {
    "another protocol": b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    "PUBLISH": raw.publish("t"),
    "PINGREQ": raw.packet(raw.PINGREQ),
    "CONNECT of 1 MB": bytes([raw.CONNECT]) + raw.size(MIB),
    "CONNECT of 256 MB": bytes([raw.CONNECT]) + raw.size(268_435_455),
    "wrong flags": raw.packet(raw.CONNECT | 1, raw.text("MQTT") + b"\4\2\0\0" + raw.text("")),
    "a reserved flag": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\3\0\0" + raw.text("")),
    "a will's QoS without a will": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\x0a\0\0" + raw.text("")),
    "a will with QoS 3": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\x1e\0\0" + raw.text("") + raw.text("t") * 2),
    "a will to a wildcard": raw.connect("nobody", will=("t/#", b"")),
    "a client id that is not UTF-8": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\2\0\0" + raw.text(b"\xff")),
    "no client id": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\2\0\0"),
    "a client id of 2,000 characters": raw.connect("nobody", client_id="c" * 2_000),
    "more than there is": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\2\0\0" + raw.text("c") + b"more"),
    "a user name that is missing": raw.packet(raw.CONNECT, raw.text("MQTT") + b"\4\x82\0\0" + raw.text("c")),
}


@pytest.mark.parametrize("what", BEGINNINGS)
def test_a_connection_with_an_invalid_start_is_closed(stack: Stack, what: str) -> None:
    with raw.line(stack.port) as connection:
        connection.sendall(BEGINNINGS[what])
        assert raw.is_closed(connection, CONNECT_SECONDS / 2)
    assert not stack.adapters[0].logged("Traceback")


def test_a_large_packet_is_rejected_by_its_header(stack: Stack, device: Device) -> None:
    """The broker reads nothing of it: six clients that announce and send 256 MB each use no memory."""
    before = _peak_bytes(stack)
    with ExitStack() as lines:
        login = stack.port, str(device.id), device.key
        for connection in [lines.enter_context(raw.connected(*login)) for _ in range(6)]:
            connection.settimeout(raw.PATIENCE)
            with contextlib.suppress(ConnectionError):
                connection.sendall(bytes([raw.PUBLISH]) + raw.size(268_435_455) + bytes(32 * MIB))
            assert raw.is_closed(connection)
    assert _peak_bytes(stack) - before < 64 * MIB
    assert stack.adapters[0].logged("PUBLISH of 268435455 bytes: the limit is")


def test_a_large_payload_is_accepted_or_rejected_with_its_limit(stack: Stack, device: Device) -> None:
    with logged_in(stack, device) as client:
        client.subscribe(f"iotflow/devices/{device.id}/errors")
        client.publish(f"iotflow/devices/{device.id}/telemetry", b" " * (8 * MIB) + b" ")
        assert client.receive()[0].json()["reason"] == "TOO_LARGE"
        client.publish(f"iotflow/devices/{device.id}/telemetry", b'{"data": {"t": 1}}' + b" " * (7 * MIB))
    assert stored(stack, device)


def test_keepalive(stack: Stack, device: Device) -> None:
    """A client that is silent for one and a half times the keepalive is disconnected."""
    will = f"iotflow/devices/{device.id}/telemetry", WILL
    login = stack.port, str(device.id), device.key
    with raw.connected(*login, client_id="silent", will=will, keepalive=2) as silent:
        began = time.monotonic()
        with raw.connected(*login, client_id="lively", keepalive=2) as lively:
            while not stack.readings(device.id):
                lively.sendall(raw.packet(raw.PINGREQ))
                assert lively.recv(2) == b"\xd0\0"
                assert time.monotonic() - began < 3 + LATE_SECONDS
            assert time.monotonic() - began > 2.5
        assert raw.is_closed(silent)


def test_a_session_has_a_limit_of_filters(stack: Stack, device: Device) -> None:
    """Unsubscribed filters do not count."""
    filters = [f"iotflow/devices/{device.id}/commands/{number}" for number in range(60)]
    with raw.connected(stack.port, str(device.id), device.key) as connection:
        connection.sendall(raw.subscribe(*filters, f"iotflow/devices/{device.id}/{'x' * 2_000}"))
        answer = _read(connection, 2 + 2 + 61)
        assert (answer[4:].count(1), answer[4:].count(0x80)) == (50, 11)
        connection.sendall(raw.packet(0xA2, b"\0\2" + raw.text(filters[0])))
        assert _read(connection, 4) == b"\xb0\2\0\2"
        connection.sendall(raw.subscribe(filters[-1], packet_id=3))
        assert _read(connection, 5) == b"\x90\3\0\3\1"


def test_a_device_has_a_limit_of_connections(stack: Stack, device: Device) -> None:
    """A new connection ends the oldest one, whose client may have vanished. Other devices are not affected."""
    other = stack.register(f"beside {device.id}")
    login = stack.port, str(device.id), device.key
    with logged_in(stack, other) as bystander, ExitStack() as lines:
        opened = [lines.enter_context(raw.connected(*login, client_id=f"c{number}")) for number in range(12)]
        assert all(raw.is_closed(one) for one in opened[:2])
        opened[2].sendall(raw.packet(raw.PINGREQ))
        assert _read(opened[2], 2) == b"\xd0\0"
        bystander.publish(f"iotflow/devices/{other.id}/telemetry", {"data": {"t": 1}})
        assert bystander.end is None


def test_of_many_connections_with_one_client_id_one_remains(stack: Stack, device: Device) -> None:
    """Also if they arrive together and wait for the same connection to end."""
    connect = raw.connect(str(device.id), device.key, client_id="sensor")
    with ExitStack() as lines:
        opened = [lines.enter_context(raw.line(stack.port)) for _ in range(10)]
        opened[0].sendall(connect)
        assert _read(opened[0], 4)[:2] == b"\x20\x02"
        for one in opened[1:]:
            one.sendall(connect)
        left, deadline = set(opened), time.monotonic() + raw.PATIENCE
        while len(left) > 1 and time.monotonic() < deadline:
            readable, _, _ = select.select(left, [], [], 1.0)
            left -= {one for one in readable if _has_ended(one)}
        assert len(left) == 1
        (last,) = left
        last.sendall(raw.packet(raw.PINGREQ))
        _read_until(last, b"\xd0\0")


def test_connections_without_a_connect_block_no_client(stack: Stack, device: Device) -> None:
    """More of them at once than their limit do not either."""
    with logged_in(stack, device):
        pass
    with ExitStack() as lines:
        for _ in range(5_100):
            lines.enter_context(raw.line(stack.port))
        with raw.connected(stack.port, str(device.id), device.key) as client:
            client.sendall(raw.publish(f"iotflow/devices/{device.id}/telemetry", b'{"data": {"t": 1}}', 0x02, 1))
            assert _read(client, 4) == b"\x40\2\0\1"
    assert stored(stack, device)


def test_a_client_that_floods_the_broker_delays_no_other(stack: Stack, device: Device) -> None:
    """Between two messages of a connection the broker serves the others."""
    other, flood = stack.register(f"beside the flood of {device.id}"), b"".join([_refused(device)] * 20_000)
    with (
        logged_in(stack, other) as bystander,
        raw.connected(stack.port, str(device.id), device.key) as flooding,
        ThreadPoolExecutor(1) as threads,
    ):
        sending = threads.submit(flooding.sendall, flood)
        waits = []
        for number in range(10):
            began = time.monotonic()
            bystander.publish(f"iotflow/devices/{other.id}/telemetry", {"data": {"n": number}})
            waits.append(time.monotonic() - began)
        sending.result(CONNECT_SECONDS)
    assert max(waits) < 2


def _refused(device: Device) -> bytes:
    """A message that is not a reading."""
    return raw.publish(f"iotflow/devices/{device.id}/telemetry", b'{"data": 5}')


def test_messages_of_qos_2_that_are_not_released(stack: Stack, device: Device) -> None:
    topic = f"iotflow/devices/{device.id}/status/heartbeat"
    with raw.connected(stack.port, str(device.id), device.key) as connection:
        connection.sendall(b"".join(raw.publish(topic, b"", 0x04, number) for number in range(1, 1_002)))
        assert raw.is_closed(connection)


def test_a_client_that_does_not_read_blocks_no_other(stack: Stack, device: Device) -> None:
    """The messages in flight to it are bounded, and its connection is closed."""
    topic, before = f"iotflow/devices/{device.id}/telemetry", _peak_bytes(stack)
    with raw.connected(stack.port, str(device.id), device.key) as deaf, logged_in(stack, device) as talker:
        deaf.sendall(raw.subscribe(topic))
        for number in range(40):
            talker.publish(topic, b'{"data": {"n": %d}}' % number + b" " * (4 * MIB))
        assert len(stored(stack, device, 40)) == 40
    assert _peak_bytes(stack) - before < 256 * MIB


def test_a_connection_without_a_connect_is_closed(
    silent: tuple[float, list[socket.socket]],
) -> None:
    began, opened = silent
    for connection in opened:
        left = began + CONNECT_SECONDS + LATE_SECONDS - time.monotonic()
        assert raw.is_closed(connection, max(left, 1.0))


def test_a_removed_device_leaves_nothing_to_the_next_of_its_name(stack: Stack, device: Device) -> None:
    """No retained message, session, queued message, desired configuration or last will."""
    roots = [f"iotflow/devices/{device.name}", f"devices/{device.name}"]
    session: dict[str, Any] = {"v5": False, "kept": True, "client_id": f"session of {device.name}"}
    dying_will = f"{roots[0]}/telemetry", WILL
    with mqtt_device(stack.port, device.name, device.key, will=dying_will, **session) as first:
        for root in roots:
            first.subscribe(f"{root}/#")
            first.publish(f"{root}/telemetry/sensors", {"data": {"secret": 1}}, retain=True)
        stack.set_desired(device, {"secret": 1})
        first.wait(lambda: any(received.topic.endswith("/config") for received in first.received))
        first.client.reconnect_delay_set(60, 60)
        first.client.disconnect()
        first.wait(lambda: first.end is not None)
        stack.send_command(device, "secret", {})
    stack.remove(device)
    heir = stack.register(device.name)
    with logged_in(stack, heir), mqtt_device(stack.port, heir.name, heir.key, **session) as second:
        for root in roots:
            second.subscribe(f"{root}/#")
        second.publish(f"{roots[0]}/telemetry", {"data": {"own": 1}})
        second.wait(lambda: any(b"own" in received.payload for received in second.received))
        assert not any(b"secret" in received.payload or received.retained for received in second.received)
    assert [set(row) for row in stack.readings(heir.id).values()] == [{"own"}]


def test_retained_messages_belong_to_the_device_and_are_limited(stack: Stack, device: Device) -> None:
    root = f"iotflow/devices/{device.id}/telemetry"
    with logged_in(stack, device) as talker:
        for number in range(60):
            talker.publish(f"{root}/w{number}", {"data": {"n": number}}, retain=True)
        talker.publish(f"{root}/w0", {"data": {"n": -1}}, retain=True)
    with logged_in(stack, device, device.name) as listener:
        listener.subscribe(f"{root}/#")
        listener.wait(lambda: len(listener.received) >= 50)
        listener.publish(f"{root}/last", {"data": {"last": 1}})
        listener.wait(lambda: any(b"last" in received.payload for received in listener.received))
        retained = [received.json()["data"] for received in listener.received if received.retained]
        assert len(retained) == 50
        assert {"n": -1} in retained


def test_a_connection_of_an_old_key_ends_with_its_grace(tmp_path: Path) -> None:
    """The connection lasts as long as the key. No other client is disconnected."""
    with mqtt_stack(tmp_path, EMBEDDED, {"IOTFLOW_KEY_GRACE_SECONDS": "3"}) as stack:
        stack.adapter().start()
        device, other = stack.register("rotates"), stack.register("stays")
        with logged_in(stack, device) as old, logged_in(stack, other) as bystander:
            old.client.reconnect_delay_set(60, 60)
            rotated = stack.rotate(device)
            old.publish(f"iotflow/devices/{device.id}/telemetry", {"data": {"t": 1}})
            assert old.end is None
            with logged_in(stack, rotated) as new:
                old.wait(lambda: old.end is not None)
                assert new.publish(f"iotflow/devices/{device.id}/telemetry", {"data": {"t": 2}}) == "Success"
                assert new.end is None
            assert bystander.end is None
        eventually(lambda: len(stack.readings(device.id)) == 2)


def _read_until(connection: socket.socket, end: bytes) -> None:
    read = b""
    while not read.endswith(end):
        more = connection.recv(64)
        assert more
        read += more


def _has_ended(connection: socket.socket) -> bool:
    """The content of a readable packet."""
    try:
        return not connection.recv(4096)
    except ConnectionError:
        return True


def _read(connection: socket.socket, count: int) -> bytes:
    connection.settimeout(raw.PATIENCE)
    read = b""
    while len(read) < count:
        more = connection.recv(count - len(read))
        assert more, read
        read += more
    return read


def _peak_bytes(stack: Stack) -> int:
    """The peak memory of the adapter."""
    process = stack.adapters[0].process
    assert process
    status = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
