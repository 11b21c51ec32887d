"""Requests of one caller take proportional memory and time, and other callers are served meanwhile. Real processes are measured."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.memory import forget_peak, peak, processes, resident
from tests.support.service import Service, iotflow_up

MEBIBYTE = 2**20
BATCH = "/api/v1/devices/telemetry/batch"
MOST_NAMES = 2_000
START = 1_767_225_600_000
WINDOWS, COLUMNS = 5_000, 20
EVERY = "count,sum,avg,min,max,first,last,median,stddev"
# Limit of the 99th percentile of another device's calls, in seconds, with a margin for a loaded machine.
BYSTANDER = 1.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with iotflow_up(tmp_path_factory.mktemp("greedy")) as running:
        yield running


@pytest.fixture(scope="module")
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.rest, trust_env=False, timeout=60) as client:
        yield client


def device(http: httpx.Client, name: str) -> tuple[int, dict[str, str]]:
    made = http.post("/api/v1/devices/register", json={"name": name}).json()["device"]
    return made["id"], {"x-api-key": made["api_key"]}


def server(service: Service) -> int:
    """The Python process with most memory, which is the server."""
    pids = [
        pid for pid in processes(service.process.pid) if b"iotflow_server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return max(pids, key=resident)


@pytest.mark.parametrize("own", [5, 15])
def test_readings_with_distinct_names_take_memory_proportional_to_their_size(
    service: Service, http: httpx.Client, own: int
) -> None:
    _, key = device(http, f"inventive {own}")
    pid = server(service)
    readings = [
        {"data": {f"r{row}_{n}": 1 for n in range(own)}, "timestamp": str(START + row)} for row in range(10_000)
    ]
    before = resident(pid)
    forget_peak(pid)
    answer = http.post(BATCH, json={"readings": readings}, headers=key)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.json()["accepted"] == -(-MOST_NAMES // own)
    assert {one["reason"] for one in answer.json()["rejected"]} == {"TOO_MANY_NAMES"}
    assert len(answer.json()["rejected"]) + answer.json().get("more_rejected", 0) == 10_000 * own - MOST_NAMES
    assert peak(pid) - before < 256 * MEBIBYTE
    assert resident(pid) - before < 160 * MEBIBYTE


def test_an_atomic_request_with_too_many_distinct_names_is_rejected_by_name(http: httpx.Client) -> None:
    _, key = device(http, "inventive and strict")
    readings = [{"data": {f"r{row}": 1}, "timestamp": str(START + row)} for row in range(2_000)]
    answer = http.post(BATCH, json={"readings": readings, "atomic": True}, headers=key)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["reason"] == "TOO_MANY_VALUES"


@pytest.fixture(scope="module")
def filled(http: httpx.Client) -> tuple[int, dict[str, str]]:
    """A device with WINDOWS readings of COLUMNS numbers, one second apart."""
    id_, key = device(http, "full")
    for first in range(0, WINDOWS, 1_000):
        readings = [
            {"data": {f"m{n}": row + n for n in range(COLUMNS)}, "timestamp": str(START + row * 1_000)}
            for row in range(first, first + 1_000)
        ]
        assert http.post(BATCH, json={"readings": readings}, headers=key).json()["accepted"] == 1_000
    return id_, key


def aggregated(http: httpx.Client, filled: tuple[int, dict[str, str]], **asked: Any) -> httpx.Response:
    id_, key = filled
    span = {"start_time": str(START), "end_time": str(START + WINDOWS * 1_000)}
    params = {"window": "1s", "fill": "linear", "aggregation": EVERY, **span, **asked}
    return http.get(f"/api/v1/telemetry/{id_}/aggregated", params=params, headers=key)


def test_an_aggregation_with_too_many_results_is_rejected_by_name(
    http: httpx.Client, filled: tuple[int, dict[str, str]]
) -> None:
    answer = aggregated(http, filled)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["reason"] == "TOO_MANY_FIGURES"
    assert "900,000 figures" in answer.json()["message"]


@contextmanager
def bystander(http: httpx.Client, waits: list[float]) -> Iterator[None]:
    """Another device writes and reads repeatedly during the block."""
    id_, key = device(http, f"bystander {time.monotonic_ns()}")
    ended = threading.Event()

    def calls() -> None:
        with httpx.Client(base_url=http.base_url, trust_env=False, timeout=60, headers=key) as own:
            while not ended.is_set():
                began = time.monotonic()
                assert own.post("/api/v1/devices/telemetry", json={"data": {"m": 1}}).status_code == 201
                written = time.monotonic()
                assert own.get(f"/api/v1/telemetry/{id_}/latest").status_code == 200
                waits.extend((written - began, time.monotonic() - written))

    with ThreadPoolExecutor(1) as threads:
        calling = threads.submit(calls)
        try:
            yield
        finally:
            ended.set()
            calling.result()


def test_other_callers_are_served_during_the_largest_queries(
    http: httpx.Client, filled: tuple[int, dict[str, str]]
) -> None:
    id_, key = filled
    waits: list[float] = []
    with bystander(http, waits):
        for _ in range(3):
            answer = aggregated(http, filled, fields="m0,m1")
            assert len(answer.json()["data"]) == WINDOWS
            page = http.get(f"/api/v1/telemetry/{id_}", params={"start_time": str(START), "limit": 10_000}, headers=key)
            assert page.json()["count"] == WINDOWS
    waits.sort()
    assert len(waits) > 50
    assert waits[len(waits) * 99 // 100] < BYSTANDER
