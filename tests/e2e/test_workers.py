"""`iotflow up --workers N`: Envoy distributes requests to all workers, and the end of a worker affects only its own requests."""

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.processes import PATIENCE
from tests.support.redis_server import redis_server
from tests.support.service import Service, iotflow_up

WORKERS = 3
SENDERS = 8


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with redis_server() as redis:
        env = {"IOTFLOW_REDIS_URL": redis.url, "IOTFLOW_LOG_FORMAT": "json"}
        with iotflow_up(tmp_path_factory.mktemp("workers"), env, "--workers", str(WORKERS)) as running:
            yield running


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.rest, timeout=PATIENCE, trust_env=False) as client:
        yield client


def registered(http: httpx.Client, name: str) -> dict[str, str]:
    """The headers of a new device."""
    answer = http.post("/api/v1/devices/register", json={"name": name, "device_type": "probe"})
    return {"x-api-key": answer.json()["device"]["api_key"]}


def figure(http: httpx.Client, worker: int, name: str) -> int:
    text = http.get("/metrics", params={"worker": worker}).text
    found = re.search(rf"^{name} ([\d.e+]+)$", text, re.MULTILINE)
    assert found, text
    return int(float(found[1]))


def test_requests_of_one_connection_are_distributed_to_all_workers(http: httpx.Client) -> None:
    headers = registered(http, "spread")
    for number in range(90):
        assert http.post("/api/v1/devices/telemetry", headers=headers, json={"data": {"n": number}}).status_code == 201
    stored = [figure(http, worker, "iotflow_readings_stored_total") for worker in range(1, WORKERS + 1)]
    assert sum(stored) == 90
    assert min(stored) >= 10


def test_metrics_of_each_worker_are_available(http: httpx.Client) -> None:
    numbers = range(1, WORKERS + 1)
    assert [figure(http, worker, "iotflow_worker") for worker in numbers] == list(numbers)


def test_a_killed_worker_affects_its_own_requests_only(service: Service, http: httpx.Client) -> None:
    headers = registered(http, "bereaved")
    senders = Senders(service.rest, headers)
    with ThreadPoolExecutor(SENDERS) as threads:
        sending = [threads.submit(senders.send, sender) for sender in range(SENDERS)]
        senders.wait_for(200)
        os.kill(pid_of(service, 2, 1), signal.SIGKILL)
        pid_of(service, 2, 2)
        senders.wait_for(len(senders.acknowledged) + 200)
        senders.enough.set()
        for each in sending:
            each.result()
    assert len(senders.refused) <= SENDERS
    assert all(answer == (503, "true") for answer in senders.refused)
    assert senders.acknowledged <= stored(http, headers)
    assert stored(http, headers) - senders.acknowledged <= senders.in_doubt
    assert figure(http, 2, "iotflow_worker") == 2
    assert service.process.alive


class Senders:
    """Send readings a second apart, one at a time, each sender in a day of its own, and record the result of each."""

    def __init__(self, rest: str, headers: dict[str, str]) -> None:
        self.acknowledged: set[str] = set()
        self.in_doubt: set[str] = set()
        self.refused: list[tuple[int, str]] = []
        self.enough = threading.Event()
        self._rest = rest
        self._headers = headers
        self._news = threading.Condition()

    def wait_for(self, acknowledged: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.acknowledged) >= acknowledged, PATIENCE)

    def send(self, sender: int) -> None:
        with httpx.Client(base_url=self._rest, timeout=PATIENCE, trust_env=False) as http:
            for number in range(100_000):
                if self.enough.is_set():
                    return
                time = f"2026-01-{sender + 1:02}T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
                self._note(time, http.post("/api/v1/devices/telemetry", headers=self._headers, json=reading(time)))

    def _note(self, time: str, answer: httpx.Response) -> None:
        with self._news:
            if answer.status_code == 201:
                self.acknowledged.add(time)
            else:
                self.in_doubt.add(time)
                details = answer.json()["details"]
                self.refused.append((answer.status_code, details[0]["metadata"]["retryable"]))
            self._news.notify_all()


def reading(time: str) -> dict[str, object]:
    return {"timestamp": time, "data": {"t": 1.5}}


def stored(http: httpx.Client, headers: dict[str, str]) -> set[str]:
    """The times of all readings."""
    asked = {"start_time": "2026-01-01", "end_time": "2026-02-01", "limit": "10000"}
    answer = http.get("/api/v1/devices/telemetry", headers=headers, params=asked).json()
    assert not answer["next_page_token"]
    return {row["timestamp"] for row in answer["data"]}


def pid_of(service: Service, worker: int, time: int) -> int:
    """The id of the n-th process of this worker."""
    lines = service.process.wait_for_lines(lambda line: serves(line, worker), time)
    return int(json.loads(lines[time - 1].partition("|")[2])["pid"])


def serves(line: str, worker: int) -> bool:
    return '"event": "worker_ready"' in line and f'"worker": {worker},' in line
