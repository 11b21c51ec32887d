"""The shipped limits of Mosquitto: its memory stays bounded, and one device does not affect others."""

import hashlib
import threading
from collections.abc import Iterator

import grpc
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iotflow.v1.system_service_pb2 import GetHealthRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from tests.integration.mqtt.clients import PATIENCE, eventually, logged_in, stored
from tests.support.memory import resident
from tests.support.mqtt import MOSQUITTO, Device, Stack, mqtt_stack
from tests.support.mqtt_device import mqtt_device

MEGABYTE = 2**20
FLOOD = 200
T = 1_769_860_800_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with mqtt_stack(tmp_path_factory.mktemp("mqtt"), MOSQUITTO) as running:
        running.adapter().start()
        yield running


def token(stack: Stack) -> str:
    return (stack.server.folder / "gateway-token").read_text().strip()


def retained(stack: Stack, device: Device) -> set[str]:
    """Messages retained below the device's id. They arrive before a message that is published after the subscription."""
    with mqtt_device(stack.port, "iotflow/gateway", token(stack)) as client:
        client.subscribe(f"iotflow/devices/{device.id}/#")
        client.publish("marker", b"")
        return {received.topic for received in client.received if received.retained}


def test_retained_messages_are_removed(stack: Stack, device: Device) -> None:
    """200 messages of 1 MB below `telemetry/x…`: on the device's topics they are removed, on others dropped."""
    before = resident(stack.broker.pid)
    root = f"iotflow/devices/{device.id}"
    with logged_in(stack, device) as client:
        payload = b'{"data": {"text": "x"}, "unknown": "' + b"y" * MEGABYTE + b'"}'
        for number in range(FLOOD):
            answer = client.publish(f"{root}/telemetry/x{number % 100}", payload, retain=True)
            assert answer == "Success"
            assert client.publish(f"{root}/telemetry/x/{number}", b"x", retain=True) == "Not authorized"
        client.publish(f"{root}/commands/ack", payload, retain=True)
        client.publish(f"{root}/status", b'{"status": "online"}', retain=True)
        # A status above the limit is removed too.
        client.publish(f"{root}/status/online", payload, retain=True)
        assert client.end is None
    eventually(lambda: retained(stack, device) == {f"{root}/status"})
    eventually(lambda: resident(stack.broker.pid) - before < 100 * MEGABYTE)
    # Each message was processed once, by its own kind.
    assert len(stored(stack, device, FLOOD)) == FLOOD


def test_a_denied_publish_is_dropped_and_the_connection_stays(stack: Stack, device: Device) -> None:
    """MQTT 5 reports it, MQTT 3.1.1 does not."""
    with mqtt_device(stack.port, str(device.id), device.key) as refused:
        eventually(lambda: refused.connection is not None)
    for v5 in (True, False):
        with logged_in(stack, device) as probe:
            assert probe.connection == "Success"
        with mqtt_device(stack.port, str(device.id), device.key, v5=v5) as client:
            for topic in (
                "elsewhere",
                f"iotflow/devices/{device.id}/config",
                f"iotflow/devices/{device.id}/telemetry/a/b",
            ):
                for _ in range(20):
                    answer = client.publish(topic, b"{}", retain=True)
                    assert answer == ("Not authorized" if v5 else "Success")
            client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": T + v5, "data": {"t": 1}})
            assert client.end is None
    assert set(stored(stack, device, 2)) == {T, T + 1}


def test_a_device_with_constant_rejections_fills_no_queue(stack: Stack, device: Device) -> None:
    """Errors up to the limit are published; further ones are counted."""
    with logged_in(stack, device) as client:
        client.subscribe(f"iotflow/devices/{device.id}/errors")
        for number in range(1_000):
            client.begin(f"iotflow/devices/{device.id}/telemetry", {"wrong": {"number": number}})
        client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": T, "data": {"t": 1}})
        assert stored(stack, device) == {T: {"t": 1.0}}
        client.receive(100)
        assert len(client.received) <= 400


@pytest.mark.parametrize("session", ["none", "earlier-version"])
def test_messages_retained_before_the_adapter_started_are_removed_and_not_stored(stack: Stack, session: str) -> None:
    device = stack.register(f"early {session}")
    with logged_in(stack, device):
        stack.adapters[-1].stop()
    following = stack.adapter(name=session)
    if session != "none":
        left_by_an_earlier_version(stack, session)
    with mqtt_device(stack.port, "iotflow/gateway", token(stack)) as client:
        for below in ("telemetry", "telemetry/x"):
            client.publish(f"iotflow/devices/{device.id}/{below}", {"data": {"early": 1}}, retain=True)
    following.start()
    eventually(lambda: not retained(stack, device))
    with logged_in(stack, device) as client:
        client.publish(f"iotflow/devices/{device.id}/telemetry/x", {"timestamp": T, "data": {"late": 1}})
        rows = stored(stack, device)
    if session == "none":
        assert rows == {T: {"late": 1.0}}
    else:
        # Messages for the filters of the earlier version are stored once.
        eventually(lambda: len(stack.readings(device.id)) == 3)


def left_by_an_earlier_version(stack: Stack, name: str) -> None:
    """The session of an earlier version, with the obsolete filters."""
    client_id = f"iotflow-gateway-{name}-{hashlib.sha256(f'client id {token(stack)}'.encode()).hexdigest()[:16]}"
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set("iotflow/gateway", token(stack))
    forever = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    forever.SessionExpiryInterval = 0xFFFFFFFF
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", stack.port, clean_start=False, properties=forever)
    client.subscribe([(f"iotflow/devices/+/{below}/#", 1) for below in ("telemetry", "status")])
    client.loop_start()
    assert subscribed.wait(PATIENCE)
    client.disconnect()
    client.loop_stop()


def test_the_health_page_shows_an_adapter_that_loses_its_broker_repeatedly(stack: Stack) -> None:
    adapter = stack.adapters[-1]
    assert "mqtt" not in checks(stack)
    losses = 0
    while "mqtt" not in checks(stack):
        losses += 1
        assert losses < 9
        connected = adapter.logged("broker_connected")
        stack.broker.kill()
        stack.broker.start()
        adapter.wait_for("broker_connected", connected + 1)
    assert losses >= 4
    assert "lost its broker" in checks(stack)["mqtt"]


def checks(stack: Stack) -> dict[str, str]:
    """The components of the health page by name."""
    with grpc.insecure_channel(stack.server.target) as channel:
        request = GetHealthRequest(detailed=True)
        answer = SystemServiceStub(channel).GetHealth(request, metadata=stack.admin, timeout=PATIENCE)
    return {check.name: check.message for check in answer.checks}
