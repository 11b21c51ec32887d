"""Acknowledged messages are stored, whichever process is killed. Further cases: tests/faults/test_mqtt.py."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import counted, eventually, logged_in, stored
from tests.integration.mqtt.flow import Flow
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Stack, stack_at
from tests.support.processes import free_port

MESSAGES, RATE, DEVICES = 4_000, 1_500, 20

Start = Callable[..., Flow]


@pytest.fixture
def kind() -> str:
    return MOSQUITTO


@pytest.fixture
def stack(server_of_stacks: Server, tmp_path: Path, kind: str) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path, kind) as running:
        yield running


@pytest.fixture
def start(stack: Stack) -> Iterator[Start]:
    """Start a flow."""
    with ExitStack() as ending:

        def begin(messages: int = MESSAGES, rate: int = RATE) -> Flow:
            devices = [stack.register(f"device {number}") for number in range(DEVICES)]
            flow = Flow(stack, devices, messages, rate)
            ending.callback(flow.close)
            return flow

        yield begin


def test_devices_registered_before_there_was_an_adapter(stack: Stack) -> None:
    """The server keeps only hashes of keys, which the broker can verify."""
    device = stack.register("was here before")
    stack.adapter().start()
    with logged_in(stack, device) as client:
        client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": 1_700_000_000_000, "data": {"t": 1}})
        assert stored(stack, device) == {1_700_000_000_000: {"t": 1.0}}


def test_adapter_killed(stack: Stack, start: Start) -> None:
    adapter = stack.adapter()
    adapter.start()
    flow = start()
    for part in (500, 1_000, 1_500):
        flow.wait_for(part)
        adapter.kill()
        adapter.start()
    flow.finish()


def test_adapter_stopped(stack: Stack, start: Start) -> None:
    """The broker keeps the messages for the session of an adapter that is not running."""
    adapter = stack.adapter()
    adapter.start()
    adapter.stop()
    flow = start(rate=0)
    adapter.start()
    flow.finish()


@pytest.mark.parametrize("kind", [MOSQUITTO, EMBEDDED])
def test_server_killed(stack: Stack, start: Start) -> None:
    stack.adapter().start()
    flow = start(rate=RATE if stack.kind == MOSQUITTO else 500)
    for part in (500, 1_500):
        flow.wait_for(part)
        stack.server.kill()
        stack.server.start()
    flow.finish()


@pytest.mark.parametrize("kind", [MOSQUITTO, EMBEDDED])
def test_the_adapter_receives_at_most_its_window(stack: Stack, start: Start) -> None:
    """While the server is unavailable nothing is acknowledged to the broker, which keeps the other messages."""
    port, window = free_port(), 100
    stack.adapter(metrics_port=str(port), window=str(window)).start()
    flow = start(rate=0)
    flow.wait_for(1)
    stack.server.kill()
    eventually(lambda: counted(port, "iotflow_gateway_waiting") >= window)
    finished = counted(port, "iotflow_gateway_finished_total")
    if stack.kind == MOSQUITTO:
        flow.published()
    # Mosquitto 2.0.11 exceeds the receive maximum; the adapter then stops reading.
    assert window <= counted(port, "iotflow_gateway_waiting") <= (2 if stack.kind == MOSQUITTO else 1) * window
    assert counted(port, "iotflow_gateway_finished_total") == finished
    stack.server.start()
    flow.finish()


def test_broker_restarted(stack: Stack, start: Start) -> None:
    """By SIGTERM, with messages that are not acknowledged. A killed Mosquitto loses the messages after its last autosave."""
    adapter = stack.adapter()
    adapter.start()
    adapter.stop()
    flow = start(rate=0)
    flow.published()
    stack.broker.stop()
    stack.broker.start()
    adapter.start()
    flow.finish()
    stack.broker.stop()
    stack.broker.start()
    adapter.wait_for("broker_connected", 2)


def test_broker_without_its_data(stack: Stack) -> None:
    """The desired configurations are published to it again."""
    adapter = stack.adapter()
    adapter.start()
    device = stack.register("forgotten")
    topic = f"iotflow/devices/{device.id}/config"
    stack.set_desired(device, {"interval": 10})
    with logged_in(stack, device) as client:
        client.subscribe(topic)
        client.receive()
    stack.broker.stop()
    (stack.folder / "mosquitto" / "mosquitto.db").unlink()
    stack.broker.start()
    with logged_in(stack, device) as client:
        client.subscribe(topic)
        assert client.receive()[0].json()["desired"] == {"interval": 10}


def test_two_adapters_share(stack: Stack, start: Start) -> None:
    """Each receives a part. A killed adapter processes its unacknowledged messages after its restart."""
    ports = {name: free_port() for name in ("a", "b")}
    adapters = [stack.adapter(name=name, group="shared", metrics_port=str(port)) for name, port in ports.items()]
    for adapter in adapters:
        adapter.start()
    flow = start()
    flow.wait_for(1_000)
    for port in ports.values():
        assert counted(port, "iotflow_gateway_finished_total") > 100
    adapters[0].kill()
    flow.wait_for(1_500)
    adapters[0].start()
    flow.finish()
