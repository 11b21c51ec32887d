"""Devices replace their keys while they send readings, also where the service's answers are lost."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from clients.conformance.relay import Relay
from clients.conformance.relay_faults import LoseAnswers
from iotflow.channels import credentials, open_channel
from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.ledger.hashing import readings_hash
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.simulation import Service
from iotflow_simulators.scenario.loader import loads
from iotflow_simulators.scenario.scenario import Scenario
from tests.integration.simulators.world import World

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

KEYED_DOORS = ["mqtt", "mqtt5", "rest", "grpc"]
ROTATION = ", rotate_keys: 4s"
_CHUNK = 65_536
Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def fleet(name: str, more: str) -> Scenario:
    """Two devices at each door, which replace their keys twice at least."""
    doors = ", ".join(f"{door}: 0.25" for door in KEYED_DOORS)
    return loads(
        f"{{name: {name}, duration: 12s, fleets: [{{name: {name}, model: basic, devices: 8, interval: 500ms, "
        f"door: {{{doors}}}{more}}}]}}"
    )


def keys_of(world: World, scenario: Scenario) -> dict[str, str]:
    """The kept keys of a scenario's devices."""
    kept = KeyStore(world.folder / "keys").all()
    return {name: key for name, key in kept.items() if name.startswith(f"{scenario.name}-")}


async def owners(world: World, keys: Iterable[str]) -> set[str]:
    """The names of the devices whose keys these are."""
    async with open_channel(world.target) as channel:
        stub = DeviceServiceStub(channel)
        answers = [await stub.GetDeviceStatus(GetDeviceStatusRequest(), metadata=credentials(key)) for key in keys]
    return {answer.device.name for answer in answers}


async def ran(world: World, scenario: Scenario, service: Service | None = None) -> tuple[Ledger, dict[str, int]]:
    """A run whose readings are all stored, and whose kept keys are those of the devices; the keys that each door replaced."""
    ledger, measures = await world.simulated(scenario, speed=2, service=service)
    result = await world.verified(ledger)
    assert result.is_proved, result.examples
    assert result.rows()[-1]["unknown"] == 0
    keys = keys_of(world, scenario)
    assert await owners(world, keys.values()) == set(keys)
    return ledger, {name: door.rotated_keys for name, door in measures.doors.items()}


async def test_keys_are_replaced_and_the_next_run_uses_them(world: World) -> None:
    plain, rotating = fleet("keys", ""), fleet("keys", ROTATION)
    without, none = await ran(world, plain)
    assert none == dict.fromkeys(KEYED_DOORS, 0)
    first = keys_of(world, plain)
    ledger, rotated = await ran(world, rotating)
    assert all(count >= 2 for count in rotated.values()), rotated
    assert readings_hash(ledger) == readings_hash(without)
    second = keys_of(world, rotating)
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())
    await ran(world, rotating)


@asynccontextmanager
async def losing_relay(upstream: int, answers: int) -> AsyncIterator[DoorAddress]:
    """A relay that loses so many answers of rotations. The service rotates the keys all the same."""
    relay = Relay(f"127.0.0.1:{upstream}")
    relay.faults.append(LoseAnswers("RotateApiKey", answers))
    await relay.open()
    try:
        yield DoorAddress("127.0.0.1", relay.port)
        assert relay.calls.count("RotateApiKey") >= answers
    finally:
        await relay.end()


class RestConnection:
    """Forwards one connection of HTTP to the service, and its answers; those of rotations are lost while `left` has an item."""

    def __init__(self, left: list[None]) -> None:
        self._left = left
        self._rotates = False

    async def run(self, client: Side, service: Side) -> None:
        """Until one side ends."""
        await asyncio.gather(self._forward(client[0], service[1]), self._answer(service[0], client[1]))

    async def _forward(self, client: asyncio.StreamReader, service: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await client.read(_CHUNK):
                self._rotates = b"/rotate-key" in data
                service.write(data)
        service.close()

    async def _answer(self, service: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await service.read(_CHUNK):
                if self._rotates and self._left:
                    self._left.pop()
                    break
                client.write(data)
        client.close()


@asynccontextmanager
async def losing_proxy(upstream: int, answers: int) -> AsyncIterator[DoorAddress]:
    """As the relay, of HTTP."""
    left: list[None] = [None] * answers

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await RestConnection(left).run((reader, writer), await asyncio.open_connection("127.0.0.1", upstream))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield DoorAddress("127.0.0.1", server.sockets[0].getsockname()[1])
    assert not left


async def test_lost_answers_lock_no_device_out(world: World) -> None:
    scenario = fleet("lost", ROTATION)
    service = world.doors(world.service.grpc_port, world.service.rest_port, world.mqtt_port)
    # More than there are devices at doors that call gRPC; so each of them may lose one, and some two.
    relay, proxy = losing_relay(world.service.grpc_port, 8), losing_proxy(world.service.rest_port, 3)
    async with relay as grpc, proxy as rest:
        _, rotated = await ran(world, scenario, replace(service, grpc=grpc, rest=rest))
    assert all(count >= 2 for count in rotated.values()), rotated
    await ran(world, scenario)
