"""A server, each broker in turn, and an adapter for all modules without their own."""

import itertools
from collections.abc import Iterator

import pytest

from tests.faults.server import Server, server_process
from tests.integration.mqtt.clients import logged_in
from tests.support.mqtt import EMBEDDED, MOSQUITTO, QUIET, Device, Stack, mqtt_stack
from tests.support.mqtt_device import MqttDevice
from tests.support.processes import free_port

EMBEDDED_3 = "embedded, 3.1.1"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def metrics_port() -> int:
    """The port of the adapter's metrics."""
    return free_port()


@pytest.fixture(scope="session", params=[MOSQUITTO, EMBEDDED, EMBEDDED_3])
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, metrics_port: int
) -> Iterator[Stack]:
    """A running server, broker and adapter. Clients of the endpoint use MQTT 5, and MQTT 3.1.1."""
    kind = EMBEDDED if request.param == EMBEDDED_3 else request.param
    with mqtt_stack(tmp_path_factory.mktemp("mqtt"), kind) as running:
        running.v5 = request.param != EMBEDDED_3
        running.adapter(metrics_port=str(metrics_port)).start()
        yield running


@pytest.fixture(scope="session")
def server_of_stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the modules and tests that have a broker and adapters of their own, one after the other."""
    with server_process(tmp_path_factory.mktemp("server"), "sqlite", QUIET) as server:
        yield server


@pytest.fixture
def device(stack: Stack) -> Device:
    """A new device for each test."""
    return stack.register(f"device {next(NUMBERS)}")


@pytest.fixture
def client(stack: Stack, device: Device) -> Iterator[MqttDevice]:
    """The device, logged in by its id."""
    with logged_in(stack, device) as connected:
        yield connected
