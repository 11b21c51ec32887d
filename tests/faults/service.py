"""The service under test: a server process, its IoTDB, and calls of clients."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from iotflow.batches import decode_batch
from iotflow.channels import credentials, open_channel
from iotflow.v1 import device_service_pb2, telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.database import Database
from tests.faults.ledger import Ledger, Stored, Verdict
from tests.faults.progress import PATIENCE, Progress
from tests.faults.readings import Source
from tests.faults.sender import Sender
from tests.faults.server import Server
from tests.faults.writer import Writer

# Interval between checks of a state that is not published, in seconds.
_ASK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """A registered device with the ledger of its acknowledged values."""

    id: int
    api_key: str
    ledger: Ledger


class LoadedServer:
    """server: process that tests kill and start. random: source of all random choices."""

    def __init__(self, server: Server, random: Random) -> None:
        self.server = server
        self.random = random
        self._devices: list[Device] = []

    @property
    def devices(self) -> list[Device]:
        """The registered devices."""
        return list(self._devices)

    async def register(self, count: int) -> list[Device]:
        """Register devices, whose readings each check includes."""
        new = []
        async with open_channel(self.server.target) as channel:
            stub = DeviceServiceStub(channel)
            for number in range(len(self._devices), len(self._devices) + count):
                request = device_service_pb2.RegisterDeviceRequest(name=f"device {number}", device_type="probe")
                device = (await stub.RegisterDevice(request, timeout=PATIENCE)).device
                new.append(Device(device.id, device.api_key, Ledger(device.id)))
        self._devices += new
        return new

    @asynccontextmanager
    async def sending(self, senders: int = 5, writers: int = 2) -> AsyncIterator["Fleet"]:
        """New devices that send during the block, each in another way; at its end all readings are acknowledged."""
        progress, stop = Progress(), asyncio.Event()
        devices = await self.register(senders + writers)
        sources = [Source(device.id, Random(self.random.random())) for device in devices]  # noqa: S311
        ways: Sequence[Callable[..., Sender | Writer]] = [Sender] * senders + [Writer] * writers
        fleet = Fleet(
            progress,
            [
                way(self.server.target, device.api_key, source, device.ledger, progress)
                for way, device, source in zip(ways, devices, sources, strict=True)
            ],
        )
        async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as tasks:
            for member in fleet.members:
                tasks.create_task(member.run(stop))
            try:
                yield fleet
            finally:
                stop.set()

    async def status(self) -> telemetry_service_pb2.GetTelemetryStatusResponse:
        """The state of the store in the detailed health."""
        async with open_channel(self.server.target) as channel:
            request = telemetry_service_pb2.GetTelemetryStatusRequest()
            return await TelemetryServiceStub(channel).GetTelemetryStatus(request, timeout=PATIENCE)

    async def delete(self, device: Device, times: range) -> None:
        """Delete the readings of the device within these times. Raises grpc.aio.AioRpcError."""
        async with open_channel(self.server.target) as channel:
            request = telemetry_service_pb2.DeleteTelemetryRequest(
                device_id=device.id, start_time=str(times.start), end_time=str(times.stop)
            )
            await TelemetryServiceStub(channel).DeleteTelemetry(request, metadata=self._admin, timeout=PATIENCE)
        device.ledger.deleted(times)

    async def caught_up(self) -> telemetry_service_pb2.GetTelemetryStatusResponse:
        """Wait until the journal is empty."""
        async with asyncio.timeout(PATIENCE):
            while (status := await self.status()).status != "healthy" or status.journal.buffering:  # noqa: ASYNC110
                await asyncio.sleep(_ASK_SECONDS)
        return status

    async def stored(self, device: Device) -> Stored:
        """All stored values of a device, by measurement and time."""
        found: Stored = {}
        async with open_channel(self.server.target) as channel:
            request = telemetry_service_pb2.ReadTelemetryRequest(device_ids=[device.id])
            call = TelemetryServiceStub(channel).ReadTelemetry(request, metadata=self._admin, timeout=PATIENCE)
            async for answer in call:
                times, columns = decode_batch(answer.batch)
                for name, column in columns.items():
                    present = zip(times.tolist(), column.tolist(), strict=True)
                    found.setdefault(name, {}).update({time: value for time, value in present if value is not None})
        return found

    async def compare(self) -> None:
        """Assert that the store has all acknowledged values."""
        await self._judge(self.server, {device: device.ledger for device in self._devices})

    async def compare_copy(self, server: Server, stamp: float, end: float) -> None:
        """Assert that another server has all values that were acknowledged before the stamp, and none sent after the end."""
        copies = {device: device.ledger.as_of(stamp, end) for device in self._devices}
        # The others may have been registered after the stamp.
        await self._judge(server, {device: copy for device, copy in copies.items() if copy.has_acknowledged})

    async def _judge(self, server: Server, ledgers: Mapping[Device, Ledger]) -> None:
        judged = LoadedServer(server, self.random)
        await judged.caught_up()
        verdict = Verdict()
        for device, ledger in ledgers.items():
            ledger.judge(await judged.stored(device), verdict)
        assert verdict.is_good, f"{verdict}\n{server.log}"
        assert verdict.acknowledged

    @property
    def _admin(self) -> tuple[tuple[str, str], ...]:
        return credentials(token=self.server.admin_token)


class Service(LoadedServer):
    """database: the IoTDB of the server, which tests kill and start."""

    def __init__(self, server: Server, database: Database, random: Random) -> None:
        super().__init__(server, random)
        self.database = database

    async def check(self) -> None:
        """Assert that IoTDB has all acknowledged values, also after it is killed."""
        await self.compare()
        await self.database.kill()
        await self.database.start()
        await self.compare()


@dataclass(frozen=True, slots=True)
class Fleet:
    """The devices that send."""

    progress: Progress
    members: list[Sender | Writer]

    def hurry(self) -> None:
        """Send at the highest rate from now on."""
        for member in self.members:
            member.rhythm = 0.005

    @property
    def senders(self) -> list[Sender]:
        """The senders that record each acknowledgement."""
        return [member for member in self.members if isinstance(member, Sender)]
