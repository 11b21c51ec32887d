"""WebSocket connections while parts of the service end: what has a receipt is stored, and the rest is sent again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.e2e.websocket.fleet import Device, Fleet
from tests.support.json_websocket import JsonClient, logged_in
from tests.support.processes import IOTFLOW, children, free_port
from tests.support.service import iotflow_up

COUNT, AT_ONCE, FIRST_MS = 600, 32, 1_767_225_600_000
PATIENCE = 60.0


@pytest.fixture
def own_fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A service of this test alone."""
    options = ("--broker", "embedded", "--mqtt-port", str(free_port()), "--websocket-port", "0")
    with (
        iotflow_up(tmp_path / "data", None, *options) as service,
        httpx.Client(base_url=service.rest, timeout=30, trust_env=False) as http,
    ):
        yield Fleet(service, http)


@pytest.mark.parametrize("part", ["iotflow_server", "iotflow_gateway"])
def test_nothing_with_a_receipt_is_lost(own_fleet: Fleet, part: str) -> None:
    """The part is killed twice while readings arrive."""
    device, waiting = own_fleet.register(), list(range(COUNT))
    kills = [COUNT * 2 // 3, COUNT // 3]
    deadline = time.monotonic() + PATIENCE
    while waiting:
        assert time.monotonic() < deadline, len(waiting)
        try:
            with logged_in(own_fleet.rest, device.headers) as client:
                while waiting:
                    if kills and len(waiting) <= kills[0]:
                        kills.pop(0)
                        kill(own_fleet, part)
                    send_some(client, waiting)
        except (ConnectionClosed, InvalidStatus, OSError):
            # The pause of a client before it connects again.
            time.sleep(0.1)
    assert not kills
    assert sorted(stored(own_fleet, device)) == list(range(COUNT))


def send_some(client: JsonClient, waiting: list[int]) -> None:
    """Send the next readings, and remove those that get a receipt."""
    values = waiting[:AT_ONCE]
    for value in values:
        readings = [{"data": {"value": value}, "timestamp": FIRST_MS + value}]
        client.send({"type": "readings", "id": value, "readings": readings})
    for _ in values:
        answer = client.receive()
        if answer["type"] == "receipt":
            waiting.remove(answer["id"])
        else:
            assert answer["retryable"], answer


def kill(fleet: Fleet, part: str) -> None:
    """Kill a process of the service, which starts another one."""
    (process,) = [pid for command, pid in children(fleet.service.process.pid).items() if part in command]
    os.kill(process, signal.SIGKILL)


def stored(fleet: Fleet, device: Device) -> list[Any]:
    """The stored values, once the server is there again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fleet.stored(device, "value")
        except AssertionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_restart_of_the_adapter_closes_connections(own_fleet: Fleet) -> None:
    device = own_fleet.register()
    with logged_in(own_fleet.rest, device.headers) as client:
        assert client.ask({"type": "subscribe"})["type"] == "subscribed"
        data_dir = str(own_fleet.service.data_dir)
        subprocess.run([IOTFLOW, "restart", "mqtt", "--data-dir", data_dir], check=True, timeout=PATIENCE)
        assert client.wait_for_end() == (1012, "The service restarts; connect again.")
    assert own_fleet.service.process.terminate() == 0, own_fleet.service.process.output


def test_a_stream_that_the_server_ends(own_fleet: Fleet) -> None:
    """The subscription ends with an error that may be retried; the connection stays."""
    device = own_fleet.register()
    with logged_in(own_fleet.rest, device.headers) as client:
        assert client.ask({"type": "subscribe", "id": "live"})["type"] == "subscribed"
        kill(own_fleet, "iotflow_server")
        error = client.receive("error")
        assert (error["id"], error["retryable"]) == ("live", True)
        deadline = time.monotonic() + PATIENCE
        while client.ask({"type": "subscribe", "id": "live"})["type"] != "subscribed":
            assert time.monotonic() < deadline
            # The pause that a client makes before it tries again.
            time.sleep(0.1)
