"""The journal has no space: readings are rejected with a reason and advice, and acknowledged ones are kept."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from iotflow.channels import credentials, open_channel
from iotflow.errors import ServerError, server_error
from iotflow.v1 import telemetry_service_pb2
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.disk import fill, small_disk
from tests.faults.progress import PATIENCE
from tests.faults.service import Device, Fleet, Service

FULL = "JOURNAL_FULL"
DISK_FULL = "JOURNAL_DISK_FULL"


async def refused(fleet: Fleet, reason: str) -> None:
    """Wait until every stream was rejected for this reason."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(sender.refused(reason) for sender in fleet.senders))
    refusals = [one for sender in fleet.senders for one in sender.refusals if one.reason == reason]
    assert {one.code for one in refusals} == {grpc.StatusCode.UNAVAILABLE}
    assert all(one.retry_after for one in refusals)


async def submitted(service: Service, device: Device) -> ServerError | None:
    """The error of a single reading; None: it was accepted."""
    request = telemetry_service_pb2.SubmitTelemetryRequest(timestamp="2020-01-01")
    request.data["level"] = 1.5
    async with open_channel(service.server.target) as channel:
        try:
            metadata = credentials(device.api_key)
            await TelemetryServiceStub(channel).SubmitTelemetry(request, metadata=metadata, timeout=60)
        except grpc.aio.AioRpcError as error:
            return server_error(error)
    return None


class TestTheLimit:
    """The configured size of the journal is reached."""

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"IOTFLOW_JOURNAL_LIMIT_BYTES": str(2**20)}

    async def test_readings_are_rejected_until_iotdb_is_back(self, service: Service) -> None:
        async with service.sending(4, 0) as fleet:
            fleet.hurry()
            await fleet.progress.more(service.random.randrange(10, 200))
            await service.database.kill()
            await refused(fleet, FULL)
            status = await service.status()
            assert (status.status, status.journal.buffering) == ("unavailable", True)
            assert status.journal.bytes >= status.journal.limit_bytes == 2**20
            await service.database.start()
            await fleet.progress.more(100)
        await service.check()

    async def test_no_reading_is_rejected_while_iotdb_runs(self, service: Service) -> None:
        async with service.sending() as fleet:
            fleet.hurry()
            # Several times the size of the journal.
            await fleet.progress.more(3_000)
        assert not any(sender.refusals for sender in fleet.senders)
        await service.compare()


class TestTheDisk:
    """The disk of the journal, of 3 MiB, is full."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        with small_disk(tmp_path / "journal", 3) as folder:
            yield folder

    async def test_readings_are_rejected_until_there_is_space(self, disk: Path, service: Service) -> None:
        (alone,) = await service.register(1)
        async with service.sending(4, 0) as fleet:
            fleet.hurry()
            await fleet.progress.more(service.random.randrange(10, 200))
            await service.database.kill()
            await refused(fleet, DISK_FULL)
            refusal = await submitted(service, alone)
            assert refusal is not None
            assert (refusal.reason, refusal.code) == (DISK_FULL, grpc.StatusCode.UNAVAILABLE)
            assert refusal.retry_after
            await service.database.start()
            await fleet.progress.more(100)
        await service.compare()
        # Another file fills the disk while IoTDB runs.
        ballast = disk / "ballast"
        async with service.sending(4, 0) as fleet:
            fleet.hurry()
            await fleet.progress.more(50)
            await asyncio.to_thread(fill, ballast)
            await refused(fleet, DISK_FULL)
            ballast.unlink()
            await fleet.progress.more(100)
        await service.check()
