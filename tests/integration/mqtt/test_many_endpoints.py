"""Two endpoints: a device that moves between them has every reading stored once, and receives every command once."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from iotflow_gateway.mqtt import ReasonCode
from tests.support.moving_device import MovingDevice
from tests.support.mqtt import EMBEDDED, Stack, mqtt_stack
from tests.support.mqtt_device import mqtt_device
from tests.support.processes import free_port
from tests.support.redis_server import redis_server

MOVES, READINGS, COMMANDS = 100, 5, 40


class Endpoints(Stack):
    """Two endpoints. ports: theirs."""

    @property
    def ports(self) -> list[int]:
        return [int(adapter.env["IOTFLOW_GATEWAY_MQTT_PORT"]) for adapter in self.adapters]


@pytest.fixture(scope="module", params=["one server", "redis"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    folder: Path = tmp_path_factory.mktemp("endpoints")
    with redis_server() as redis:
        env = {"IOTFLOW_REDIS_URL": redis.url} if request.param == "redis" else {}
        with mqtt_stack(folder, EMBEDDED, env, Endpoints) as running:
            assert isinstance(running, Endpoints)
            for _ in range(2):
                running.adapter(mqtt_port=str(free_port())).start()
            yield running


@pytest.mark.timeout(120)
async def test_a_moving_device_receives_every_command_and_stores_every_reading_once(stack: Endpoints) -> None:
    device = stack.register("moving")
    moving = MovingDevice(device, stack.ports)
    sent: set[int] = set()

    async def send() -> None:
        for number in range(COMMANDS):
            command = await asyncio.to_thread(stack.send_command, device, "turn", {"number": number})
            sent.add(command.id)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(moving.move(MOVES, READINGS))
            tasks.create_task(send())
        await moving.wait(lambda: sent <= moving.commands.keys())
    finally:
        await moving.close()
    stored = Counter(reading["n"] for reading in stack.readings(device.id).values())
    assert stored == Counter(range(moving.published))
    assert moving.commands == Counter(sent)
    assert moving.ends[ReasonCode.SESSION_TAKEN_OVER] == MOVES - 1


def test_a_connection_without_a_stored_session_ends_at_the_other_endpoint(stack: Endpoints) -> None:
    device = stack.register("clean")
    one, other = stack.ports
    with (
        mqtt_device(one, str(device.id), device.key, "same") as first,
        mqtt_device(other, str(device.id), device.key, "same") as second,
    ):
        first.wait(lambda: first.end is not None)
        assert first.end == "Session taken over"
        assert second.end is None
