"""Devices execute commands and follow their desired configuration while they send readings."""

import asyncio
from typing import Any

import pytest
from google.protobuf import json_format

from iotflow.channels import credentials, open_channel
from iotflow.v1.command_service_pb2 import GetCommandRequest, SendCommandRequest
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.v1.config_service_pb2 import GetConfigTwinRequest, SetDesiredConfigRequest
from iotflow.v1.config_service_pb2_grpc import ConfigServiceStub
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.loader import loads
from tests.integration.simulators.world import World

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

SCENARIO = "{{name: commands, duration: 5m, fleets: [{{name: {name}, model: thermostat, devices: 2, interval: 500ms, door: {door}}}]}}"


class Operator:
    """Sends a command of each kind and a configuration, waits for the results, and stops the simulation."""

    def __init__(self, world: World) -> None:
        self.states: list[str] = []
        self.messages: list[str] = []
        self.twin: dict[str, Any] = {}
        self._world = world
        self._metadata = credentials(token=world.service.admin_token)
        self.task: asyncio.Task[None] | None = None

    def start(self, engine: Engine, _: LedgerWriter) -> None:
        """See Reports.started."""
        self.task = asyncio.create_task(self._run(engine))

    async def _run(self, engine: Engine) -> None:
        try:
            async with open_channel(self._world.target) as channel, asyncio.timeout(60):
                commands, config = CommandServiceStub(channel), ConfigServiceStub(channel)
                device = engine.device_ids[0]
                while engine.measures.total("acknowledged") < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                for name, parameters in (("set_setpoint", {"setpoint": 24.5}), ("fly", {})):
                    request = SendCommandRequest(device_id=device, name=name)
                    request.parameters.update(parameters)
                    sent = (await commands.SendCommand(request, metadata=self._metadata)).command
                    await self._ended(commands, sent.id)
                wanted = SetDesiredConfigRequest(device_id=device)
                wanted.configuration.update({"interval_ms": 200, "mode": "eco", "setpoint": 18})
                await config.SetDesiredConfig(wanted, metadata=self._metadata)
                await self._in_sync(config, device)
        finally:
            engine.stop.set()

    async def _ended(self, commands: Any, number: int) -> None:
        while True:
            found = (await commands.GetCommand(GetCommandRequest(command_id=number), metadata=self._metadata)).command
            if found.state in ("succeeded", "failed"):
                self.states.append(found.state)
                self.messages.append(json_format.MessageToDict(found.result).get("message", ""))
                return
            await asyncio.sleep(0.1)

    async def _in_sync(self, config: Any, device: int) -> None:
        while True:
            request = GetConfigTwinRequest(device_id=device)
            twin = await config.GetConfigTwin(request, metadata=self._metadata)
            if twin.in_sync:
                self.twin = {name: twin.reported[name] for name in twin.reported}
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("door", ["mqtt", "mqtt5", "rest", "grpc"])
async def test_commands_and_configurations_are_followed(world: World, door: str) -> None:
    operator = Operator(world)
    scenario = loads(SCENARIO.format(name=f"commands-{door}", door=door))
    ledger, _ = await world.simulated(scenario, started=operator.start)
    assert operator.task
    await operator.task
    assert operator.states == ["succeeded", "failed"]
    assert "'fly' is unknown to a thermostat" in operator.messages[1]
    assert operator.twin == {"interval_ms": 200, "mode": "eco", "setpoint": 18}
    assert (await world.verified(ledger)).is_proved
