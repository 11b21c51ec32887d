"""`iotflow up` when a process ends: it is restarted, health reports it, and no acknowledged reading is lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.processes import PATIENCE, children, free_port
from tests.support.service import Service, iotflow_up

PARTS = {"server": "-m iotflow_server", "envoy": "--config-path", "mqtt": "-m iotflow_gateway"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = ("--broker", "embedded", "--mqtt-port", str(free_port()))
    with iotflow_up(tmp_path_factory.mktemp("restarts"), None, *options) as running:
        yield running


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.rest, timeout=PATIENCE, trust_env=False) as client:
        yield client


def kill(service: Service, part: str) -> None:
    [pid] = [pid for line, pid in children(service.process.pid).items() if PARTS[part] in line]
    os.kill(pid, signal.SIGKILL)


def health(http: httpx.Client) -> tuple[str, list[str]]:
    """The status and the messages of failed checks; "away" without a response."""
    try:
        answer = http.get("/health", params={"detailed": "true"}).json()
    except (httpx.TransportError, ValueError):
        return "away", []
    if "checks" not in answer:
        return "away", []
    return answer["status"], [check["message"] for check in answer["checks"] if check["status"] != "healthy"]


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_adapter_is_restarted_and_health_is_degraded_meanwhile(service: Service, http: httpx.Client) -> None:
    kill(service, "mqtt")
    until(lambda: health(http) == ("degraded", ["mqtt ended by SIGKILL"]))
    service.process.wait_for_line("mqtt ended by SIGKILL; starting it again in 0.5 s (failure 1 of 5 in a row)")
    service.process.wait_for_line("mqtt runs again")
    until(lambda: health(http) == ("healthy", []))


@pytest.mark.parametrize("part", ["server", "envoy"])
def test_a_killed_process_is_restarted_without_loss_of_acknowledged_readings(
    service: Service, http: httpx.Client, part: str
) -> None:
    made = http.post("/api/v1/devices/register", json={"name": f"before {part} died"}).json()["device"]
    key = {"x-api-key": made["api_key"]}
    assert http.post("/api/v1/devices/telemetry", json={"data": {"t": 1}}, headers=key).status_code == 201
    kill(service, part)
    service.process.wait_for_line(f"{part} ended by SIGKILL; starting it again")
    service.process.wait_for_line(f"{part} runs again")
    until(lambda: health(http)[0] == "healthy")
    assert http.post("/api/v1/devices/telemetry", json={"data": {"t": 2}}, headers=key).status_code == 201
    found = http.get("/api/v1/devices/telemetry", headers=key).json()["data"]
    assert [row["t"] for row in found] == [2, 1]


def test_a_stop_after_restarts_is_clean(service: Service) -> None:
    assert service.process.terminate() == 0, service.process.output
