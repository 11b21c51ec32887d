"""Devices execute commands and follow their desired configuration while they send readings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from google.protobuf import json_format

from iotflow.channels import credentials, open_channel
from iotflow.v1.command_service_pb2 import GetCommandRequest, SendCommandRequest
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.v1.config_service_pb2 import GetConfigTwinRequest, SetDesiredConfigRequest
from iotflow.v1.config_service_pb2_grpc import ConfigServiceStub
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.loader import loads
from tests.integration.simulators.world import World, with_brokers

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

SCENARIO = "{{name: commands, duration: 5m, fleets: [{{name: {name}, model: thermostat, devices: 2, interval: 500ms, door: {door}}}]}}"


class Operator:
    """Acts on the first device of a simulation once it has readings, and stops the simulation."""

    def __init__(self, world: World, acts: Callable[["Operator", int], Awaitable[None]]) -> None:
        self.states: list[str] = []
        self.messages: list[str] = []
        self.twin: dict[str, Any] = {}
        self._world = world
        self._acts = acts
        self._metadata = credentials(token=world.service.admin_token)
        self._commands: Any = None
        self._config: Any = None
        self.task: asyncio.Task[None] | None = None

    def start(self, engine: Engine, _: LedgerWriter) -> None:
        """See Reports.started."""
        self.task = asyncio.create_task(self._run(engine))

    async def command(self, device: int, name: str, parameters: Mapping[str, Any]) -> None:
        """Send a command, and note its result."""
        request = SendCommandRequest(device_id=device, name=name)
        request.parameters.update(parameters)
        sent = (await self._commands.SendCommand(request, metadata=self._metadata)).command
        while sent.state not in ("succeeded", "failed"):
            await asyncio.sleep(0.1)
            sent = (
                await self._commands.GetCommand(GetCommandRequest(command_id=sent.id), metadata=self._metadata)
            ).command
        self.states.append(sent.state)
        self.messages.append(json_format.MessageToDict(sent.result).get("message", ""))

    async def configure(self, device: int, desired: Mapping[str, Any]) -> None:
        """Desire a configuration, and wait until the device reports it."""
        wanted = SetDesiredConfigRequest(device_id=device)
        wanted.configuration.update(desired)
        await self._config.SetDesiredConfig(wanted, metadata=self._metadata)
        while True:
            twin = await self._config.GetConfigTwin(GetConfigTwinRequest(device_id=device), metadata=self._metadata)
            if twin.in_sync:
                self.twin = {name: twin.reported[name] for name in twin.reported}
                return
            await asyncio.sleep(0.1)

    async def _run(self, engine: Engine) -> None:
        try:
            async with open_channel(self._world.target) as channel, asyncio.timeout(30):
                self._commands, self._config = CommandServiceStub(channel), ConfigServiceStub(channel)
                while engine.measures.total("acknowledged") < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                await self._acts(self, engine.device_ids[0])
        finally:
            engine.stop.set()


async def operated(
    world: World, name: str, door: str, acts: Callable[[Operator, int], Awaitable[None]]
) -> tuple[Operator, Ledger]:
    """A simulation with an operator, to its end."""
    operator = Operator(world, acts)
    ledger, _ = await world.simulated(loads(SCENARIO.format(name=name, door=door)), started=operator.start)
    assert operator.task
    await operator.task
    return operator, ledger


@pytest.mark.parametrize(("door", "world"), with_brokers("mqtt", "mqtt5", "rest", "grpc"), indirect=["world"])
async def test_commands_are_executed_and_answered(world: World, door: str) -> None:
    async def act(operator: Operator, device: int) -> None:
        await operator.command(device, "set_setpoint", {"setpoint": 24.5})
        await operator.command(device, "fly", {})
        await operator.command(device, "reboot", {})
        # The device is back.
        await operator.command(device, "identify", {})

    operator, ledger = await operated(world, f"commands-{door}", door, act)
    assert operator.states == ["succeeded", "failed", "succeeded", "succeeded"]
    assert "'fly' is unknown to a thermostat" in operator.messages[1]
    assert (await world.verified(ledger)).is_proved


@pytest.mark.parametrize(
    ("door", "world"), with_brokers("mqtt", "mqtt5", "rest", "grpc", "gateway"), indirect=["world"]
)
async def test_configurations_are_followed_and_reported(world: World, door: str) -> None:
    async def act(operator: Operator, device: int) -> None:
        await operator.configure(device, {"setpoint": 19})
        await operator.configure(device, {"interval_ms": 200, "mode": "eco", "setpoint": 18})

    operator, ledger = await operated(world, f"configurations-{door}", door, act)
    assert operator.twin == {"interval_ms": 200, "mode": "eco", "setpoint": 18}
    assert (await world.verified(ledger)).is_proved
