"""Messages of devices of the older service, sent to each broker of `iotflow up` and read back by REST.

A sketch of its kind connects without a login, writes its key into each message, knows no clock, and has a last will of plain text; a
simulator of its kind logs in and publishes by its name, without a prefix.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.mqtt_device import MqttDevice, mqtt_device
from tests.support.processes import free_port
from tests.support.service import Service, iotflow_up

EMBEDDED, MOSQUITTO = "embedded", "mosquitto"
PATIENCE = 20.0
# Interval between queries, in seconds: the storage of a reading is not published.
ASK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Broker:
    """anonymous_port: for clients without a login."""

    kind: str
    service: Service
    port: int
    anonymous_port: int

    def register(self, name: str) -> dict[str, Any]:
        """Register as both kinds of devices do."""
        body = {
            "name": name,
            "device_type": "esp32",
            "location": "lab",
            "firmware_version": "1.0.0",
            "capabilities": ["temperature"],
            "metadata": {"chip_revision": 3},
        }
        made = httpx.post(f"{self.service.rest}/api/v1/devices/register", json=body, trust_env=False)
        assert made.status_code == 201, made.text
        device: dict[str, Any] = made.json()["device"]
        return device

    def get(self, path: str, device: dict[str, Any]) -> Any:
        headers = {"x-api-key": device["api_key"]}
        answer = httpx.get(f"{self.service.rest}/api/v1/{path}", headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, device: dict[str, Any]) -> list[dict[str, Any]]:
        """The stored readings of the device, without the times."""
        data = self.get(f"telemetry/{device['id']}", device)["data"]
        return [{name: value for name, value in row.items() if name != "timestamp"} for row in data]

    def is_online(self, device: dict[str, Any]) -> bool:
        """Whether an admin sees it online; a call of the device itself would count as a sighting."""
        path = f"{self.service.rest}/api/v1/admin/devices/{device['id']}"
        found = httpx.get(path, headers=self._admin, trust_env=False).json()["device"]["is_online"]
        assert isinstance(found, bool)
        return found

    @property
    def _admin(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.service.admin_token}"}

    def command(self, device: dict[str, Any], name: str, parameters: dict[str, Any]) -> int:
        """Send a command as an admin."""
        path = f"{self.service.rest}/api/v1/admin/devices/{device['id']}/commands"
        sent = httpx.post(path, headers=self._admin, json={"name": name, "parameters": parameters}, trust_env=False)
        assert sent.status_code in (200, 201), sent.text
        number: int = sent.json()["command"]["id"]
        return number


@pytest.fixture(scope="module", params=[EMBEDDED, MOSQUITTO])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    port = free_port()
    folder = tmp_path_factory.mktemp("predecessor") / "data"
    with iotflow_up(folder, None, "--broker", request.param, "--mqtt-port", str(port)) as service:
        yield Broker(request.param, service, port, port if request.param == EMBEDDED else port + 1)


def sketch(broker: Broker, device: dict[str, Any]) -> MqttDevice:
    """A connection without a login, with a retained last will of plain text."""
    return MqttDevice(
        broker.anonymous_port,
        None,
        None,
        f"esp32_{device['id']}",
        v5=False,
        will=(f"iotflow/devices/{device['id']}/status/offline", b"offline"),
    )


def messages(device: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Messages of a sketch, by the last part of the topic. Its clock starts at power-on."""
    key = {"api_key": device["api_key"]}
    return {
        "telemetry/sensors": {
            **key,
            "timestamp": "12",
            "data": {"temperature": 21.5, "humidity": 40, "wifi_rssi": -61, "free_heap": 250000, "uptime": 12},
            "metadata": {"device_type": "esp32", "firmware_version": "1.0.0", "location": "lab"},
        },
        "telemetry": {"temperature": 22.5, "humidity": 41, "ts": "12345", **key},
        "telemetry/events": {**key, "timestamp": "13", "command": "led_on", "status": "success", "device_id": 7},
        "telemetry/metrics": {**key, "timestamp": "14", "data": {"led_state": "on", "wifi_connected": True}},
        "telemetry/extended": {**key, "timestamp": "15", "data": {"chip": "ESP32"}},
    }


def test_readings_of_a_sketch_are_stored(broker: Broker) -> None:
    device = broker.register(f"sketch at {broker.kind}")
    root = f"iotflow/devices/{device['id']}"
    client = sketch(broker, device)
    try:
        assert client.connection == "Success"
        online = {"api_key": device["api_key"], "timestamp": "11", "status": "online", "device_id": device["id"]}
        client.publish(f"{root}/status/online", online, 0, retain=True)
        _eventually(lambda: broker.is_online(device))
        for below, message in messages(device).items():
            client.publish(f"{root}/{below}", message, 0)
        client.publish(f"{root}/status/heartbeat", {**online, "status": "alive", "uptime": 60}, 0)
        _eventually(lambda: len(broker.rows(device)) == len(messages(device)))
        found = {tuple(sorted(row.items())) for row in broker.rows(device)}
        flat = {"temperature": 22.5, "humidity": 41.0}
        event = {"command": "led_on", "status": "success"}
        assert tuple(sorted(flat.items())) in found
        assert tuple(sorted(event.items())) in found
        structured = {**messages(device)["telemetry/sensors"]["data"], "meta_location": "lab"}
        assert any(structured.items() <= dict(row).items() for row in found)
        assert any(dict(row) == {"chip": "ESP32"} for row in found)
    finally:
        client.close()


def test_the_last_will_of_a_sketch_counts_if_the_broker_knows_its_device(broker: Broker) -> None:
    """The embedded broker knows it by the key of earlier messages; with Mosquitto the will is rejected by name."""
    device = broker.register(f"dies at {broker.kind}")
    client = sketch(broker, device)
    client.client.reconnect_delay_set(60, 60)
    online = {"api_key": device["api_key"], "status": "online"}
    client.publish(f"iotflow/devices/{device['id']}/status/online", online, 1)
    _eventually(lambda: broker.is_online(device))
    with _listener(broker, device) as listener:
        client.break_off()
        if broker.kind == EMBEDDED:
            _eventually(lambda: not broker.is_online(device))
        else:
            assert listener.receive()[0].json()["reason"] == "KEY_REQUIRED"
    client.close()


def test_a_message_without_a_valid_key_is_rejected_and_reported(broker: Broker) -> None:
    """On the topic of the device, in the log, and in the status of MQTT; the reading with the forged key is not stored."""
    device, other = broker.register(f"keyless at {broker.kind}"), broker.register(f"other at {broker.kind}")
    topic = f"iotflow/devices/{device['id']}/telemetry"
    before = broker.get("mqtt/status", device)["refused"]
    cases = {
        "KEY_REQUIRED": {"data": {"forged": 1}},
        "WRONG_KEY": {"data": {"forged": 1}, "api_key": "k" * 32},
        "NOT_YOUR_DEVICE": {"data": {"forged": 1}, "api_key": other["api_key"]},
    }
    with _listener(broker, device) as listener, mqtt_device(broker.anonymous_port, None, v5=False) as client:
        for number, (reason, message) in enumerate(cases.items(), 1):
            client.publish(topic, message)
            assert listener.receive(number)[-1].json()["reason"] == reason
        _eventually(lambda: all(_rose(broker, device, before, reason) for reason in cases))
    assert broker.rows(device) == broker.rows(other) == []
    broker.service.process.wait_for_lines(lambda line: "KEY_REQUIRED" in line)


def test_a_client_without_a_login_receives_nothing(broker: Broker) -> None:
    """Commands require a login."""
    device = broker.register(f"listens at {broker.kind}")
    with mqtt_device(broker.anonymous_port, None, v5=False) as client:
        for topic in (f"iotflow/devices/{device['id']}/commands/control", f"iotflow/devices/{device['id']}/#", "#"):
            client.subscribe(topic)
        with _listener(broker, device) as listener:
            listener.subscribe(f"iotflow/devices/{device['id']}/commands/control")
            broker.command(device, "led_on", {})
            listener.receive()
        client.publish(f"iotflow/devices/{device['id']}/telemetry", {"api_key": device["api_key"], "data": {"t": 1}})
        _eventually(lambda: broker.rows(device) == [{"t": 1.0}])
        assert not client.received


def test_commands_have_the_members_that_older_firmware_reads(broker: Broker) -> None:
    device = broker.register(f"obeys at {broker.kind}")
    with _listener(broker, device) as client:
        client.subscribe(f"iotflow/devices/{device['id']}/commands/control")
        number = broker.command(device, "led_on", {"brightness": 5})
        received = client.receive()[0].json()
    names = {"name": "led_on", "command": "led_on", "type": "led_on", "id": number, "command_id": number}
    assert names.items() <= received.items()


def test_readings_of_a_simulator_are_stored(broker: Broker) -> None:
    """The embedded broker accepts the name in topics after a login by id; Mosquitto accepts the form of the login only."""
    device = broker.register(f"simulated at {broker.kind}")
    root, login = f"devices/{device['name']}", str(device["id"]) if broker.kind == EMBEDDED else device["name"]
    with _logged_in(broker, device, login) as client:
        for topic in ("commands", "config", "errors"):
            client.subscribe(f"{root}/{topic}")
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".123456"
        common = {"device_id": device["id"], "timestamp": now}
        client.publish(f"{root}/status", {**common, "status": "online"})
        _eventually(lambda: broker.is_online(device))
        client.publish(f"{root}/telemetry", {**common, "message_id": 3, "temperature": 20.25, "signal_strength": -70})
        client.publish(f"{root}/heartbeat", {**common, "status": "connected", "uptime": 60})
        _eventually(lambda: broker.rows(device) == [{"temperature": 20.25, "signal_strength": -70.0}])
        number = broker.command(device, "get_status", {})
        client.wait(lambda: any(received.topic == f"{root}/commands" for received in client.received))
        received = next(received.json() for received in client.received if received.topic == f"{root}/commands")
        assert (received["type"], received["id"]) == ("get_status", number)
        client.publish(f"{root}/status", {**common, "status": "OFFLINE"})
        _eventually(lambda: not broker.is_online(device))


def test_the_start_logs_a_warning_with_the_port(broker: Broker) -> None:
    broker.service.process.wait_for_lines(lambda line: "anonymous_clients_allowed" in line)
    if broker.kind == MOSQUITTO:
        broker.service.process.wait_for_line(f"MQTT         127.0.0.1:{broker.anonymous_port} for clients without")


def test_the_port_for_logins_requires_a_key_in_messages(broker: Broker) -> None:
    """Mosquitto cannot identify the sender of a message, and accepts none there; the embedded broker has one port, and can."""
    device = broker.register(f"forged at {broker.kind}")
    before = broker.get("mqtt/status", device)["refused"]
    with mqtt_device(broker.port, None, v5=broker.kind == MOSQUITTO) as client:
        answer = client.publish(f"iotflow/devices/{device['id']}/telemetry", {"data": {"forged": 1}})
    if broker.kind == MOSQUITTO:
        assert answer == "Not authorized"
    else:
        _eventually(lambda: _rose(broker, device, before, "KEY_REQUIRED"))
    assert broker.rows(device) == []


def test_clients_without_a_login_are_rejected_by_default(tmp_path: Path) -> None:
    port, off = free_port(), {"IOTFLOW_GATEWAY_ANONYMOUS": "false"}
    with iotflow_up(tmp_path / "data", off, "--mqtt-port", str(port), "--broker", EMBEDDED) as service:
        broker = Broker(EMBEDDED, service, port, port)
        device = broker.register("off")
        with mqtt_device(port, None, v5=False) as client:
            message = {"api_key": device["api_key"], "data": {"t": 1}}
            client.client.reconnect_delay_set(60, 60)
            sent = client.begin(f"iotflow/devices/{device['id']}/telemetry", message)
            client.wait(lambda: client.end is not None)
            assert not client.has_acknowledged(sent)
        assert broker.rows(device) == []


@contextmanager
def _logged_in(broker: Broker, device: dict[str, Any], username: str) -> Iterator[MqttDevice]:
    """A client, logged in as soon as the broker has the account."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with mqtt_device(broker.port, username, device["api_key"], v5=False) as client:
            if client.connection == "Success":
                yield client
                return
        assert time.monotonic() < deadline, client.connection
        time.sleep(ASK_SECONDS)


@contextmanager
def _listener(broker: Broker, device: dict[str, Any]) -> Iterator[MqttDevice]:
    """A client that subscribes to the errors of the device."""
    with _logged_in(broker, device, str(device["id"])) as client:
        client.subscribe(f"iotflow/devices/{device['id']}/errors")
        yield client


def _rose(broker: Broker, device: dict[str, Any], before: dict[str, float], reason: str) -> bool:
    refused: dict[str, float] = broker.get("mqtt/status", device)["refused"]
    return refused.get(reason, 0) > before.get(reason, 0)


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(ASK_SECONDS)
