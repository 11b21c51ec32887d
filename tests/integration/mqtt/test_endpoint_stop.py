"""SIGTERM ends the MQTT endpoint with every message either acknowledged and stored, or not acknowledged."""

from collections.abc import Iterator

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import logged_in
from tests.support.mqtt import EMBEDDED, Device, Stack, stack_at

MESSAGES = 2_000


@pytest.fixture
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("stop"), EMBEDDED) as running:
        running.adapter(server_reference="mqtt2.example.com:1883").start()
        yield running


def test_acknowledged_messages_are_stored(stack: Stack, device: Device) -> None:
    with logged_in(stack, device) as client:
        client.client.reconnect_delay_set(60, 60)
        topic = f"iotflow/devices/{device.id}/telemetry"
        sent = [client.begin(topic, {"data": {"n": n}, "timestamp": 1_769_860_800_000 + n}) for n in range(MESSAGES)]
        client.wait(lambda: client.has_acknowledged(sent[0]))
        stack.adapters[0].stop()
        client.wait(lambda: client.end is not None)
        acknowledged = {n for n, mid in enumerate(sent) if client.has_acknowledged(mid)}
    assert client.end == "Use another server"
    stored = {row["n"] for row in stack.readings(device.id).values()}
    assert acknowledged == stored
    assert not stack.adapters[0].logged("Traceback")
