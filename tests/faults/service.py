"""The service under test: a server process, the IoTDB behind it, and what is asked of it from outside."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
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

# How often to ask how things are: the service rings no bell.
_ASK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device, and what was promised to it."""

    id: int
    api_key: str
    ledger: Ledger


class Service:
    """server, database: to be killed and started. random: whatever is left to chance."""

    def __init__(self, server: Server, database: Database, random: Random) -> None:
        self.server = server
        self.database = database
        self.random = random
        self._devices: list[Device] = []

    async def register(self, count: int) -> list[Device]:
        """New devices; their readings are part of every check."""
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
        """New devices that send all the while, each in its own way; on return everything of theirs is acknowledged."""
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
        """What the service says of its store."""
        async with open_channel(self.server.target) as channel:
            request = telemetry_service_pb2.GetTelemetryStatusRequest()
            return await TelemetryServiceStub(channel).GetTelemetryStatus(request, timeout=PATIENCE)

    async def delete(self, device: Device, times: range) -> None:
        """Delete what the device has within these times. Raises grpc.aio.AioRpcError."""
        async with open_channel(self.server.target) as channel:
            request = telemetry_service_pb2.DeleteTelemetryRequest(
                device_id=device.id, start_time=str(times.start), end_time=str(times.stop)
            )
            await TelemetryServiceStub(channel).DeleteTelemetry(request, metadata=self._admin, timeout=PATIENCE)
        device.ledger.deleted(times)

    async def caught_up(self) -> telemetry_service_pb2.GetTelemetryStatusResponse:
        """Wait until the store has everything."""
        async with asyncio.timeout(PATIENCE):
            while (status := await self.status()).status != "healthy" or status.journal.buffering:  # noqa: ASYNC110
                await asyncio.sleep(_ASK_SECONDS)
        return status

    async def check(self) -> None:
        """Everything promised is in IoTDB as it was promised; and outlives its crash."""
        await self.compare()
        await self.database.kill()
        await self.database.start()
        await self.compare()

    async def stored(self, device: Device) -> Stored:
        """All there is of a device, by measurement and time."""
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
        """Everything promised is in IoTDB as it was promised."""
        await self.caught_up()
        verdict = Verdict()
        for device in self._devices:
            device.ledger.judge(await self.stored(device), verdict)
        assert verdict.is_good, f"{verdict}\n{self.server.log}"
        assert verdict.acknowledged

    @property
    def _admin(self) -> tuple[tuple[str, str], ...]:
        return credentials(token=self.server.admin_token)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The devices that send."""

    progress: Progress
    members: list[Sender | Writer]

    def hurry(self) -> None:
        """From now on send as fast as is reasonable."""
        for member in self.members:
            member.rhythm = 0.005

    @property
    def senders(self) -> list[Sender]:
        """Those whose acknowledgements are known one by one."""
        return [member for member in self.members if isinstance(member, Sender)]
