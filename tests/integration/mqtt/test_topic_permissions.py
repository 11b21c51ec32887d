"""One table of topics holds at every broker: the HTTP call-outs, Mosquitto's access control list and the embedded broker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import grpc
import pytest

from iotflow.mqtt_topics import ADAPTER
from iotflow.v1.mqtt_service_pb2 import AuthorizeRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from tests.integration.mqtt.clients import logged_in
from tests.support.mqtt import MOSQUITTO, Device, Stack
from tests.support.mqtt_device import MqttDevice, mqtt_device
from tests.support.processes import PATIENCE

# {login}: the id or the name, whichever the device logs in by; {other_form}: the other of the two; {another}: another device's id.
OTHER_FORM = "{other_form}"
MAY_PUBLISH = {
    "iotflow/devices/{login}/telemetry": True,
    "iotflow/devices/{login}/telemetry/any word": True,
    "iotflow/devices/{login}/telemetry/batch": True,
    "iotflow/devices/{login}/status": True,
    "iotflow/devices/{login}/status/heartbeat": True,
    "iotflow/devices/{login}/status/online": True,
    "iotflow/devices/{login}/status/offline": True,
    "iotflow/devices/{login}/commands/ack": True,
    "iotflow/devices/{login}/config/reported": True,
    "devices/{login}/telemetry": True,
    "devices/{login}/telemetry/any word": True,
    "devices/{login}/heartbeat": True,
    "devices/{login}/status": True,
    "devices/{login}/commands/ack": True,
    "devices/{login}/config/reported": True,
    "iotflow/devices/{other_form}/telemetry": True,
    "devices/{other_form}/status": True,
    "iotflow/devices/{login}": False,
    "iotflow/devices/{login}/telemetry/two/levels": False,
    "iotflow/devices/{login}/status/unknown": False,
    "iotflow/devices/{login}/commands": False,
    "iotflow/devices/{login}/commands/control": False,
    "iotflow/devices/{login}/config": False,
    "iotflow/devices/{login}/errors": False,
    "devices/{login}/commands": False,
    "devices/{login}/config": False,
    "devices/{login}/errors": False,
    "iotflow/fleet/commands/pumps": False,
    "iotflow/discovery/register/{login}": False,
    "iotflow/discovery/response/{login}": False,
    "iotflow/devices/{another}/telemetry": False,
    "devices/{another}/telemetry": False,
    "anonymous/iotflow/devices/{login}/telemetry": False,
    "elsewhere": False,
}
MAY_RECEIVE = {
    "iotflow/devices/{login}/commands/control": True,
    "iotflow/devices/{login}/config": True,
    "iotflow/devices/{login}/errors": True,
    "iotflow/devices/{login}/telemetry": True,
    "devices/{login}/commands": True,
    "devices/{login}/config": True,
    "devices/{login}/errors": True,
    "iotflow/fleet/commands/pumps": True,
    "iotflow/devices/{other_form}/commands/control": True,
    "devices/{other_form}/config": True,
    "iotflow/devices/{another}/commands/control": False,
    "iotflow/devices/{another}/telemetry": False,
    "devices/{another}/config": False,
    "iotflow/discovery/response/{another}": False,
    "elsewhere": False,
}
LAST = b"last"


@pytest.fixture(params=["id", "name"])
def names(request: pytest.FixtureRequest, stack: Stack, device: Device) -> dict[str, str]:
    """The device's names in the tables, by the form that it logs in by."""
    forms = [str(device.id), device.name]
    login, other_form = forms if request.param == "id" else reversed(forms)
    another = stack.register(f"{device.name}, another by {request.param}")
    return {"login": login, "other_form": other_form, "another": str(another.id)}


def permitted(table: Mapping[str, bool], names: Mapping[str, str], broker: str) -> set[str]:
    """The topics that the table permits. Mosquitto's list has the form that the device logs in by, and no other."""
    excepted = OTHER_FORM if broker == MOSQUITTO else "\n"
    return {one.format(**names) for one, is_permitted in table.items() if is_permitted and excepted not in one}


@pytest.mark.parametrize(("action", "table"), [("publish", MAY_PUBLISH), ("subscribe", MAY_RECEIVE)])
def test_http_call_outs(stack: Stack, names: dict[str, str], action: str, table: dict[str, bool]) -> None:
    with grpc.insecure_channel(stack.server.target) as channel:
        mqtt = MqttServiceStub(channel)

        def is_permitted(topic: str) -> bool:
            request = AuthorizeRequest(username=names["login"], topic=topic, action=action)
            return mqtt.Authorize(request, metadata=stack.admin, timeout=PATIENCE).result == "allow"

        topics = [one.format(**names) for one in table]
        assert {topic for topic in topics if is_permitted(topic)} == permitted(table, names, "any")


def test_publish(stack: Stack, device: Device, names: dict[str, str]) -> None:
    topics = {one.format(**names): f"topic {number}".encode() for number, one in enumerate(MAY_PUBLISH)}
    with logged_in(stack, device, names["login"]) as client, adapter_account(stack) as watcher:
        watcher.subscribe("#")
        for topic, payload in topics.items():
            client.publish(topic, payload)
        # A broker passes on the messages of a client in their order.
        client.publish(f"iotflow/devices/{names['login']}/telemetry", LAST)
        passed_on = payloads_until_last(watcher)
    assert {topic for topic, payload in topics.items() if payload in passed_on} == permitted(
        MAY_PUBLISH, names, stack.kind
    )


def test_receive(stack: Stack, device: Device, names: dict[str, str]) -> None:
    topics = {one.format(**names): f"topic {number}".encode() for number, one in enumerate(MAY_RECEIVE)}
    with logged_in(stack, device, names["login"]) as client, adapter_account(stack) as sender:
        for topic in topics:
            client.subscribe(topic)
        for topic, payload in topics.items():
            sender.publish(topic, payload)
        sender.publish(f"iotflow/devices/{names['login']}/commands/control", LAST)
        received = payloads_until_last(client)
    assert {topic for topic, payload in topics.items() if payload in received} == permitted(
        MAY_RECEIVE, names, stack.kind
    )


@contextmanager
def adapter_account(stack: Stack) -> Iterator[MqttDevice]:
    """A client that logs in as the adapter, which may use every topic."""
    token = (stack.server.folder / "gateway-token").read_text().strip()
    with mqtt_device(stack.port, ADAPTER, token, "watcher", v5=stack.v5) as client:
        assert client.connection == "Success"
        yield client


def payloads_until_last(client: MqttDevice) -> set[bytes]:
    """The payloads that the client received, once the last one is there."""
    client.wait(lambda: any(one.payload == LAST for one in client.received))
    return {one.payload for one in client.received}
