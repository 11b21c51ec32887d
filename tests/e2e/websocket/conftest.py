"""One service for all WebSocket tests, and a new device for each test."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.websocket.fleet import Device, Fleet
from tests.support.json_websocket import JsonClient, logged_in
from tests.support.processes import free_port
from tests.support.service import iotflow_up


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A running service."""
    metrics_port = free_port()
    env = {"IOTFLOW_HEARTBEAT_SECONDS": "1", "IOTFLOW_GATEWAY_METRICS_PORT": str(metrics_port)}
    options = ("--broker", "embedded", "--mqtt-port", str(free_port()), "--websocket-port", "0")
    with (
        iotflow_up(tmp_path_factory.mktemp("websocket"), env, *options) as service,
        httpx.Client(base_url=service.rest, timeout=30, trust_env=False) as http,
    ):
        yield Fleet(service, http, metrics_port)


@pytest.fixture
def device(fleet: Fleet) -> Device:
    """A new device."""
    return fleet.register()


@pytest.fixture
def client(fleet: Fleet, device: Device) -> Iterator[JsonClient]:
    """A connection of the device."""
    with logged_in(fleet.rest, device.headers) as connected:
        yield connected
