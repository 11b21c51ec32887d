"""`iotflow up` with each kind of broker, used by a device."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.certificates import authority, certificate
from tests.support.mqtt_device import mqtt_device
from tests.support.processes import IOTFLOW, free_port, running, wait_until_listening
from tests.support.service import Service, iotflow_up

PATIENCE = 20.0


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
def test_a_started_broker_accepts_readings(tmp_path: Path, broker: str) -> None:
    port = free_port()
    with iotflow_up(tmp_path / "data", None, "--broker", broker, "--mqtt-port", str(port)) as service:
        service.process.wait_for_line(f"MQTT         127.0.0.1:{port} ({broker})")
        device = register(service)
        credentials = get(service, "devices/mqtt-credentials", device["api_key"])["credentials"]
        assert (credentials["mqtt_host"], credentials["mqtt_port"], credentials["username"]) == (
            "127.0.0.1",
            port,
            str(device["id"]),
        )
        login = ["-u", credentials["username"], "-P", device["api_key"]]
        publish(credentials["mqtt_port"], credentials["topics"]["telemetry_publish"], login)
        assert stored(service, device) == [21.5]
        status = get(service, "mqtt/status", device["api_key"])
        assert (status["status"], status["connected"], status["port"]) == ("available", True, port)
        assert service.process.terminate() == 0, service.process.output


def test_an_external_broker_accepts_readings(tmp_path: Path) -> None:
    """A broker without accounts: messages have the keys of their devices."""
    port, config = free_port(), tmp_path / "open.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with running(["/usr/sbin/mosquitto", "-c", str(config)]) as broker:
        wait_until_listening(port, broker)
        with iotflow_up(tmp_path / "data", None, "--broker", f"mqtt://127.0.0.1:{port}") as service:
            device = register(service)
            publish(port, f"iotflow/devices/{device['id']}/telemetry", api_key=device["api_key"])
            assert stored(service, device) == [21.5]


def test_an_external_broker_is_reached_over_tls(tmp_path: Path) -> None:
    """The certificate of the broker is signed by the configured authority."""
    port, config = free_port(), tmp_path / "tls.conf"
    authority(tmp_path, "ca")
    certificate(tmp_path, "server", "127.0.0.1", "ca")
    files = f"certfile {tmp_path}/server.crt\nkeyfile {tmp_path}/server.key\n"
    # Mosquitto started by root changes its user, who must be able to read the key.
    config.write_text(f"user root\nlistener {port} 127.0.0.1\n{files}allow_anonymous true\n")
    with running(["/usr/sbin/mosquitto", "-c", str(config)]) as broker:
        wait_until_listening(port, broker)
        option = ("--broker", f"mqtts://127.0.0.1:{port}")
        ports = ("--rest-port", str(free_port()), "--grpc-port", str(free_port()))
        with running([IOTFLOW, "up", "--data-dir", str(tmp_path / "stranger"), *ports, *option]) as stranger:
            stranger.wait_for_lines(
                lambda line: "broker_unavailable" in line and "IOTFLOW_GATEWAY_MQTT_CA_FILE" in line
            )
        with iotflow_up(tmp_path / "data", {"IOTFLOW_GATEWAY_MQTT_CA_FILE": f"{tmp_path}/ca.crt"}, *option) as service:
            device = register(service)
            tls = ["--cafile", f"{tmp_path}/ca.crt"]
            publish(port, f"iotflow/devices/{device['id']}/telemetry", tls, api_key=device["api_key"])
            assert stored(service, device) == [21.5]


def test_presence_is_consistent_in_all_responses(tmp_path: Path) -> None:
    """From the connection of a device to its last will: status, dashboard, metrics, and the live feed."""
    port = free_port()
    with iotflow_up(tmp_path / "data", None, "--broker", "embedded", "--mqtt-port", str(port)) as service:
        device = register(service)
        login, root = (str(device["id"]), device["api_key"]), f"iotflow/devices/{device['id']}"
        will = f"{root}/status/offline", b""
        assert presence(service, device) == (False, 0, 0)
        with httpx.stream("GET", f"{service.rest}/api/v1/telemetry/stream", timeout=PATIENCE, trust_env=False) as feed:
            lines = feed.iter_lines()
            with mqtt_device(port, *login, v5=False, will=will) as client:
                client.publish(f"{root}/status/online", b"")
                assert next_presence(lines) == (device["id"], True)
                until(lambda: presence(service, device) == (True, 1, 1))
                # Without a DISCONNECT.
                client.break_off()
                assert next_presence(lines) == (device["id"], False)
        until(lambda: presence(service, device) == (False, 0, 0))


def test_mqtt_by_websocket(tmp_path: Path) -> None:
    """On a port of its own, and at /mqtt of REST. Other requests get answers of REST, and no other path has a WebSocket."""
    port, own = free_port(), free_port()
    options = ("--broker", "embedded", "--mqtt-port", str(port), "--websocket-port", str(own))
    with iotflow_up(tmp_path / "data", None, *options) as service:
        service.process.wait_for_line(f"MQTT         127.0.0.1:{own} (embedded, by WebSocket)")
        device, rest_port = register(service), int(service.rest.rpartition(":")[2])
        topic = f"iotflow/devices/{device['id']}"
        for number, way in enumerate((own, rest_port), 1):
            for v5 in (True, False):
                with mqtt_device(way, str(device["id"]), device["api_key"], v5=v5, websocket=True) as client:
                    client.subscribe(f"{topic}/errors")
                    client.publish(
                        f"{topic}/telemetry", {"data": {"temperature": 21.5}, "timestamp": f"202{number}-01-01"}
                    )
                    client.publish(f"{topic}/telemetry", b"{")
                    assert client.receive()[0].json()["reason"] == "INVALID_PAYLOAD"
        with mqtt_device(rest_port, "nobody", "wrong", websocket=True) as client:
            assert client.connection == "Not authorized"
        assert httpx.get(f"{service.rest}/mqtt", trust_env=False).json()["details"][0]["reason"] == "UNKNOWN_PATH"
        upgrade = {"upgrade": "websocket", "connection": "upgrade"}
        answer = httpx.get(f"{service.rest}/api/v1/devices/status", headers=upgrade, trust_env=False)
        assert answer.status_code == 403
        assert service.process.terminate() == 0, service.process.output


def test_configuration_errors_are_named(tmp_path: Path) -> None:
    port = free_port()
    cases = {
        "amqp://localhost": "iotflow: --broker takes embedded, mosquitto, none",
        "mqtt://": "iotflow: --broker takes embedded, mosquitto, none",
        "mqtt://iotflow/gateway:token@127.0.0.1": "iotflow: --broker takes embedded, mosquitto, none",
    }
    for broker, sentence in cases.items():
        with running([IOTFLOW, "up", "--data-dir", str(tmp_path), "--broker", broker]) as service:
            assert service.exit_code() == 1
            assert service.lines[0].startswith(sentence)
    with iotflow_up(tmp_path / "first", None, "--broker", "embedded", "--mqtt-port", str(port)):
        ports = ["--rest-port", str(free_port()), "--grpc-port", str(free_port()), "--mqtt-port", str(port)]
        with running([IOTFLOW, "up", "--data-dir", str(tmp_path / "second"), *ports]) as service:
            assert service.exit_code() == 1
            assert f"Port {port} on 127.0.0.1 is taken" in service.lines[0]
            assert "--mqtt-port" in service.lines[0]


def register(service: Service) -> dict[str, str]:
    answer = httpx.post(f"{service.rest}/api/v1/devices/register", json={"name": "probe"}, trust_env=False)
    device: dict[str, str] = answer.json()["device"]
    return device


def presence(service: Service, device: dict[str, str]) -> tuple[bool, int, int]:
    """Presence according to the device, the dashboard and the metrics. A call of the device itself would count as a sighting."""
    bearer, admin = {"authorization": f"Bearer {service.admin_token}"}, f"{service.rest}/api/v1/admin"
    page = httpx.get(f"{admin}/devices/{device['id']}", headers=bearer, trust_env=False).json()
    dashboard = httpx.get(f"{admin}/dashboard", headers=bearer, trust_env=False).json()
    metrics = httpx.get(f"{service.rest}/metrics", trust_env=False).text.splitlines()
    gauge = next(line for line in metrics if line.startswith("iotflow_devices_online "))
    return page["device"]["is_online"], dashboard["devices"]["online"], int(float(gauge.split()[1]))


def next_presence(lines: Iterator[str]) -> tuple[str, bool]:
    """The next change of presence in the live feed."""
    events = (json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:"))
    change = next(event["presence"] for event in events if "presence" in event)
    return change["device_id"], change["online"]


def until(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; metrics are not published."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def get(service: Service, path: str, key: str) -> Any:
    answer = httpx.get(f"{service.rest}/api/v1/{path}", headers={"x-api-key": key}, trust_env=False)
    return answer.json()


def publish(port: object, topic: object, options: Sequence[str] = (), **payload: str) -> None:
    """Publish a reading; the broker rejects the device until it has the account."""
    content = json.dumps({"data": {"t": 21.5}, **payload})
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), *options]
    command += ["-q", "1", "-t", str(topic), "-m", content]
    until(lambda: subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode == 0)


def stored(service: Service, device: dict[str, str]) -> list[float]:
    """The stored readings, as soon as there are any."""
    url = f"{service.rest}/api/v1/telemetry/{device['id']}"
    until(lambda: bool(httpx.get(url, trust_env=False).json()["data"]))
    return [row["t"] for row in httpx.get(url, trust_env=False).json()["data"]]
