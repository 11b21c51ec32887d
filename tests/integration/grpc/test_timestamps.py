"""Two servers that share a registry allocate distinct timestamps while Redis is down."""

import asyncio
from pathlib import Path

import grpc
import pytest

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import SubmitTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller
from tests.support.processes import serving_port
from tests.support.redis_server import redis_server
from tests.support.server_process import server

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

READINGS, AT_A_TIME = 200, 20


async def test_two_servers_allocate_distinct_timestamps_of_a_device(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with redis_server() as redis:
        shared = {
            "DATABASE_URL": f"sqlite:///{tmp_path}/shared.db",
            "IOTFLOW_REDIS_URL": redis.url,
            "IOTFLOW_KEY_SECRET": "one secret that both of the machines know",
        }
        with server(folders[0], **shared) as (one, channel), server(folders[1], **shared) as (two, _):
            device = register(DeviceServiceStub(channel), "sends to both")
            redis.kill()
            times = await _allocated((serving_port(one), serving_port(two)), device)
        redis.start()
    assert len(times) == 2 * READINGS
    assert len(set(times)) == len(times)


async def _allocated(ports: tuple[int, int], device: Caller) -> list[int]:
    """The timestamps that both servers allocated concurrently."""
    request = SubmitTelemetryRequest()
    request.data["t"] = 1
    times: list[int] = []
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{ports[0]}") as one,
        grpc.aio.insecure_channel(f"127.0.0.1:{ports[1]}") as two,
    ):
        stubs = [TelemetryServiceStub(one), TelemetryServiceStub(two)]
        for _ in range(READINGS // AT_A_TIME):
            answers = await asyncio.gather(
                *(
                    stub.SubmitTelemetry(request, metadata=device.metadata, timeout=60)
                    for _ in range(AT_A_TIME)
                    for stub in stubs
                )
            )
            times += [answer.timestamp.ToMilliseconds() for answer in answers]
    return times
