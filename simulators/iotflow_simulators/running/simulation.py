"""A run from the scenario to the closed ledger."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from iotflow_simulators import SimulationError
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.gateway import GatewayDoor
from iotflow_simulators.doors.grpc_door import GrpcDoor
from iotflow_simulators.doors.key_calls import GrpcKeyCalls
from iotflow_simulators.doors.link import DoorWay
from iotflow_simulators.doors.mqtt import MqttDoor
from iotflow_simulators.doors.mqtt_packets import V5, V311
from iotflow_simulators.doors.rest import RestDoor
from iotflow_simulators.doors.rest_listening import poll_seconds
from iotflow_simulators.ledger.entries import DeviceEntry, Header
from iotflow_simulators.ledger.writer import LedgerWriter, check_new
from iotflow_simulators.plan import Device, Plan
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.engine import Engine, RunSettings
from iotflow_simulators.running.feed import Feed
from iotflow_simulators.running.fleet_registration import FleetRegistration, Member, Registered
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.scenario.scenario import Door, Scenario
from iotflow_simulators.tasks import OwnedTasks

PROGRESS_SECONDS = 5.0
# Two samples in each slot of the timeline, so that one that is late leaves no gap.
SAMPLE_SECONDS = 0.5
# Devices of gRPC that take commands and configurations.
MOST_LISTENING = 1_000


@dataclass(frozen=True, slots=True)
class Service:
    """Addresses. token: of an admin or gateway; for registration where that is not open, and for gateways."""

    grpc: DoorAddress
    rest: DoorAddress
    mqtt: DoorAddress
    token: str = ""
    prefix: str = "iotflow"


@dataclass(frozen=True, slots=True)
class Reports:
    """What a run reports. registered: called with a number of devices. running: called again and again, after `seconds`."""

    registered: Callable[[int, int], None]
    started: Callable[[Engine, LedgerWriter], None]
    running: Callable[[Measures], None]
    seconds: float = PROGRESS_SECONDS


Conduct = Callable[[Engine], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Files:
    """What a run writes. labels: None: no file."""

    ledger: Path
    labels: Path | None = None


class Simulation:
    """keys: of the devices, also of earlier runs."""

    def __init__(self, scenario: Scenario, service: Service, keys: KeyStore, settings: RunSettings) -> None:
        self._plan = Plan(scenario)
        self._service = service
        self._keys = keys
        self._settings = settings

    async def run(self, files: Files, reports: Reports, conduct: Conduct | None = None) -> Measures:
        """Run to the end. conduct: runs beside the engine, and ends the run when it ends. Raises SimulationError."""
        check_new(files.ledger)
        devices = await self._registered(reports)
        doors = [device.door.value for device in self._plan.devices]
        entries = [DeviceEntry(one.name, one.id, door, one.is_new) for one, door in zip(devices, doors, strict=True)]
        with ExitStack() as stack:
            labels = stack.enter_context(_new(files.labels)) if files.labels else None
            ledger = stack.enter_context(LedgerWriter(files.ledger, self._header(), entries))
            feed = Feed(self._plan.run(), ledger, labels, self._settings.speed)
            pairs = list(zip(devices, doors, strict=True))
            engine = Engine(feed, ledger, self._doors(pairs), pairs, self._keys, self._settings)
            reports.started(engine, ledger)
            tasks = OwnedTasks()
            tasks.start(_report(engine.measures, reports), "reports")
            tasks.start(_sample(engine.measures), "samples")
            try:
                await (_conducted(engine, conduct) if conduct else engine.run())
            finally:
                await tasks.close()
            return engine.measures

    async def _registered(self, reports: Reports) -> list[Registered]:
        members = [_member(device) for device in self._plan.devices]
        async with self._service.grpc.channel() as channel:
            progress = lambda done: reports.registered(done, len(members))  # noqa: E731
            return await FleetRegistration(channel, self._keys, self._service.token, progress).all(members)

    def _header(self) -> Header:
        scenario = self._plan.scenario
        content = repr(replace(scenario, fleets=(), faults=())) + repr(scenario.fleets) + repr(scenario.faults)
        digest = sha256(content.encode()).hexdigest()
        began = time.time_ns() // 1_000_000
        return Header(
            scenario.name, scenario.seed, digest, scenario.start, began, str(self._service.grpc), self._settings.speed
        )

    def _doors(self, devices: Sequence[tuple[Registered, str]]) -> dict[str, DoorWay]:
        service = self._service
        names = {door for _, door in devices}
        ids = {door: [device.id for device, at in devices if at == door] for door in names}
        makers: Mapping[str, Callable[[], DoorWay]] = {
            Door.MQTT: lambda: MqttDoor(service.mqtt, V311, service.prefix, GrpcKeyCalls(service.grpc)),
            Door.MQTT5: lambda: MqttDoor(service.mqtt, V5, service.prefix, GrpcKeyCalls(service.grpc)),
            Door.REST: lambda: RestDoor(service.rest, poll_seconds(len(ids[Door.REST]))),
            # Streams cost more than readings, so that large fleets have those of the readings only.
            Door.GRPC: lambda: GrpcDoor(service.grpc, listens=len(ids[Door.GRPC]) <= MOST_LISTENING),
            Door.GATEWAY: lambda: GatewayDoor(service.grpc, service.token, ids[Door.GATEWAY]),
        }
        return {name: makers[name]() for name in names}


def _member(device: Device) -> Member:
    return Member(device.name, device.fleet.model, device.fleet.metadata.get("location", ""))


def _new(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise SimulationError(f"{path} cannot be written: {error.strerror}.") from None


async def _conducted(engine: Engine, conduct: Conduct) -> None:
    conducting = asyncio.ensure_future(conduct(engine))
    conducting.add_done_callback(lambda _: engine.stop.set())
    try:
        await engine.run()
    finally:
        conducting.cancel()
        with suppress(asyncio.CancelledError):
            await conducting


async def _report(measures: Measures, reports: Reports) -> None:
    while True:
        await asyncio.sleep(reports.seconds)
        reports.running(measures)


async def _sample(measures: Measures) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        if measures.seconds:
            measures.sample(loop.time())
