"""Devices overwrite readings through any worker while workers and IoTDB are killed: the last acknowledged value is stored."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import grpc
import pytest

from iotflow.batches import decode_batch
from iotflow.channels import credentials, open_channel
from iotflow.v1 import device_pb2, device_service_pb2, telemetry_pb2, telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.database import Database
from tests.faults.progress import PATIENCE
from tests.integration.workers.group import Workers, workers
from tests.support.redis_server import redis_server

WORKERS = 3
DEVICES = 12
TIMES = range(1_767_225_600_000, 1_767_225_600_004)
ROUNDS = 60


@pytest.fixture
def group(database: Database, tmp_path: Path) -> Iterator[Workers]:
    telemetry = {"IOTFLOW_TELEMETRY": database.url, "IOTFLOW_PUBLIC_READS": "true"}
    with (
        redis_server() as redis,
        workers(tmp_path, WORKERS, IOTFLOW_REDIS_URL=redis.url, **telemetry) as group,
    ):
        yield group


class Correcting:
    """A device that overwrites the same times. stands: last acknowledged value by time; perhaps: later values whose outcome
    is unknown."""

    def __init__(self, group: Workers, random: Random, device: device_pb2.Device) -> None:
        self._group = group
        self._random = random
        self._device = device
        self._value = 0.0
        self.stands: dict[int, float] = {}
        self.perhaps: dict[int, set[float]] = {}

    async def correct(self) -> None:
        """Overwrite the readings once, through any worker."""
        self._value += 1
        time, worker = self._random.choice(TIMES), self._random.randrange(WORKERS) + 1
        self.perhaps.setdefault(time, set()).add(self._value)
        batch = telemetry_pb2.TelemetryBatch(sequence=1, timestamps=[time])
        batch.columns.add(measurement="value", doubles=[self._value])
        try:
            async with open_channel(socket(self._group, worker)) as channel:
                call = TelemetryServiceStub(channel).StreamTelemetry(
                    iter([batch]),
                    metadata=credentials(api_key=self._device.api_key),
                    timeout=PATIENCE,
                    wait_for_ready=True,
                )
                answers = [answer async for answer in call]
        except grpc.aio.AioRpcError:
            return
        assert answers[-1].committed_sequence == 1, answers
        self.stands[time] = self._value
        self.perhaps[time] = set()

    async def check(self) -> None:
        async with open_channel(socket(self._group, 1)) as channel:
            request = telemetry_service_pb2.ReadTelemetryRequest(device_ids=[self._device.id])
            found: dict[int, float] = {}
            async for answer in TelemetryServiceStub(channel).ReadTelemetry(
                request, timeout=PATIENCE, wait_for_ready=True
            ):
                times, columns = decode_batch(answer.batch)
                found.update(zip(times.tolist(), columns["value"].tolist(), strict=True))
        for time, value in self.stands.items():
            allowed = {value, *self.perhaps[time]}
            assert found.get(time) in allowed, f"device {self._device.id} at {time}: {found.get(time)} of {allowed}"


async def test_the_last_acknowledged_value_is_stored(group: Workers, database: Database, random: Random) -> None:
    devices = [Correcting(group, random, device) for device in await registered(group)]
    for number in range(ROUNDS):
        async with asyncio.TaskGroup() as tasks:
            for device in devices:
                tasks.create_task(device.correct())
            if number % 10 == 9:
                tasks.create_task(harm(group, database, random))
    assert all(device.stands for device in devices)
    await compare(group, devices)
    await database.kill()
    await database.start()
    await compare(group, devices)


async def harm(group: Workers, database: Database, random: Random) -> None:
    if random.random() < 0.4:
        await database.kill()
        await database.start()
    else:
        await asyncio.to_thread(group.kill, random.randrange(WORKERS) + 1)


async def compare(group: Workers, devices: list[Correcting]) -> None:
    # A write detects a connection to an IoTDB that was killed.
    for device in devices:
        await device.correct()
    for worker in range(WORKERS):
        await caught_up(group, worker + 1)
    for device in devices:
        await device.check()


async def caught_up(group: Workers, worker: int) -> None:
    """Wait until the journal of this worker is empty."""
    async with asyncio.timeout(PATIENCE), open_channel(socket(group, worker)) as channel:
        stub, request = TelemetryServiceStub(channel), telemetry_service_pb2.GetTelemetryStatusRequest()
        while (await stub.GetTelemetryStatus(request, wait_for_ready=True)).status != "healthy":  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def registered(group: Workers) -> list[device_pb2.Device]:
    async with open_channel(socket(group, 1)) as channel:
        requests = [device_service_pb2.RegisterDeviceRequest(name=f"correcting {one}") for one in range(DEVICES)]
        return [(await DeviceServiceStub(channel).RegisterDevice(one)).device for one in requests]


def socket(group: Workers, worker: int) -> str:
    return f"unix:{group.folder}/workers/{worker}.sock"
