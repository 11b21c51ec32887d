"""`iotflow up` with each kind of broker, as a device meets it."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import IOTFLOW, free_port, running, wait_until_listening
from tests.service import Service, iotflow_up

PATIENCE = 20.0


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
def test_brokers_that_it_starts(tmp_path: Path, broker: str) -> None:
    port = free_port()
    with iotflow_up(tmp_path / "data", None, "--broker", broker, "--mqtt-port", str(port)) as service:
        service.process.wait_for_line(f"MQTT         127.0.0.1:{port} ({broker})")
        device = register(service)
        told = get(service, "devices/mqtt-credentials", device["api_key"])["credentials"]
        assert (told["mqtt_host"], told["mqtt_port"], told["username"]) == ("127.0.0.1", port, str(device["id"]))
        publish(told["mqtt_port"], told["topics"]["telemetry_publish"], login=(told["username"], device["api_key"]))
        assert stored(service, device) == [21.5]
        status = get(service, "mqtt/status", device["api_key"])
        assert (status["status"], status["connected"], status["port"]) == ("available", True, port)
        assert service.process.terminate() == 0, service.process.output


def test_broker_that_runs_elsewhere(tmp_path: Path) -> None:
    """One without accounts: devices show their keys in what they send."""
    port, config = free_port(), tmp_path / "open.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with running(["/usr/sbin/mosquitto", "-c", str(config)]) as broker:
        wait_until_listening(port, broker)
        with iotflow_up(tmp_path / "data", None, "--broker", f"mqtt://127.0.0.1:{port}") as service:
            device = register(service)
            publish(port, f"iotflow/devices/{device['id']}/telemetry", api_key=device["api_key"])
            assert stored(service, device) == [21.5]


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    port = free_port()
    cases = {
        "amqp://localhost": "iotflow: --broker takes embedded, mosquitto, none",
        "mqtt://": "iotflow: --broker takes embedded, mosquitto, none",
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


def get(service: Service, path: str, key: str) -> Any:
    answer = httpx.get(f"{service.rest}/api/v1/{path}", headers={"x-api-key": key}, trust_env=False)
    return answer.json()


def publish(port: object, topic: object, login: tuple[str, str] | None = None, **payload: str) -> None:
    """Until the broker knows the device, it is refused."""
    credentials = ["-u", login[0], "-P", login[1]] if login else []
    content = json.dumps({"data": {"t": 21.5}, **payload})
    command = ["mosquitto_pub", "-p", str(port), *credentials, "-q", "1", "-t", str(topic), "-m", content]
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stored(service: Service, device: dict[str, str]) -> list[float]:
    """Once there is something."""
    url, deadline = f"{service.rest}/api/v1/telemetry/{device['id']}", time.monotonic() + PATIENCE
    while not (rows := httpx.get(url, trust_env=False).json()["data"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [row["t"] for row in rows]
