"""Deleted readings stay deleted, whichever process is killed and whatever is written later."""

import asyncio
from random import Random

import grpc
import pytest

from iotflow.channels import credentials, open_channel
from iotflow.errors import server_error
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.readings import NEW_ROWS, T0, Source
from tests.faults.service import Device, Service


class Idle:
    """A device that sends on request."""

    def __init__(self, service: Service, device: Device) -> None:
        self.device = device
        self._target = service.server.target
        self._source = Source(device.id, Random(service.random.random()))  # noqa: S311
        self._batches = 0

    @property
    def times(self) -> range:
        """The times of all sent readings."""
        return range(T0, T0 + self._batches * NEW_ROWS * 1_000)

    def some_of(self, random: Random) -> range:
        """A random subset of these times."""
        start, stop = sorted(random.choices(self.times, k=2))
        return range(start, stop + 1)

    async def send(self, batches: int) -> None:
        """Send a batch, and wait until it is acknowledged."""
        pieces = [self._source.next() for _ in range(batches)]
        for piece in pieces:
            self.device.ledger.sent(piece)
        self._batches += batches
        async with open_channel(self._target) as channel:
            call = TelemetryServiceStub(channel).StreamTelemetry(
                iter([piece.encoded() for piece in pieces]), metadata=credentials(self.device.api_key), timeout=60
            )
            async for answer in call:
                assert not answer.rejected
                upto = answer.committed_sequence
                self.device.ledger.acknowledged(piece.number for piece in pieces if piece.number <= upto)


async def idle_devices(service: Service, count: int) -> list[Idle]:
    devices = [Idle(service, device) for device in await service.register(count)]
    for device in devices:
        await device.send(20)
    return devices


@pytest.mark.parametrize("victim", ["IoTDB", "the server", "both"])
async def test_a_crash_after_a_deletion_restores_no_reading(service: Service, victim: str) -> None:
    first, second = await idle_devices(service, 2)
    async with service.sending(2, 1) as fleet:
        await fleet.progress.more(50)
        await service.delete(first.device, first.some_of(service.random))
        await first.send(5)
        await service.delete(second.device, second.times)
        if victim != "the server":
            await service.database.kill()
        if victim != "IoTDB":
            service.server.kill()
        await service.database.start()
        if victim != "IoTDB":
            await asyncio.to_thread(service.server.start)
        await fleet.progress.more(50)
    await service.check()


async def test_a_deletion_is_not_undone_by_a_replay(service: Service) -> None:
    (device,) = await idle_devices(service, 1)
    async with service.sending(2, 1) as fleet:
        await fleet.progress.more(20)
        await service.database.kill()
        await fleet.progress.more_buffered(20)
        await device.send(20)
        times = device.some_of(service.random)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await service.delete(device.device, times)
        assert server_error(refusal.value).reason == "STORE_CATCHING_UP"
        await service.database.start()
        await until_deleted(service, device.device, times)
        await device.send(2)
        await service.database.kill()
        service.server.kill()
        await service.database.start()
        await asyncio.to_thread(service.server.start)
        await fleet.progress.more(20)
    await service.check()


async def until_deleted(service: Service, device: Device, times: range) -> None:
    """Repeat the deletion while its error is retryable."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await service.delete(device, times)
            except grpc.aio.AioRpcError as error:
                assert server_error(error).retryable
                await asyncio.sleep(0.05)
