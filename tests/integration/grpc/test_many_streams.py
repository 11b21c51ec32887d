"""All devices behind one connection reconnect at once, as after the restart of a proxy."""

import asyncio
from pathlib import Path

import grpc
import pytest

from iotflow.v1.device_service_pb2 import WatchConfigRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller
from tests.support.processes import serving_port
from tests.support.server_process import server

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

DEVICES, STREAMS_EACH = 40, 100


async def test_thousands_of_streams_opened_at_once_are_all_served(tmp_path: Path) -> None:
    with server(tmp_path) as (process, channel):
        stub = DeviceServiceStub(channel)
        fleet = [register(stub, f"reconnected {number}") for number in range(DEVICES)]
        answered = await _answered(f"127.0.0.1:{serving_port(process)}", fleet)
    assert answered == DEVICES * STREAMS_EACH


async def _answered(address: str, fleet: list[Caller]) -> int:
    """Number of streams that received their first message."""
    async with grpc.aio.insecure_channel(address) as channel:
        watch = DeviceServiceStub(channel).WatchConfig
        callers = fleet * STREAMS_EACH
        calls = [watch(WatchConfigRequest(), metadata=device.metadata, timeout=60) for device in callers]
        answers = await asyncio.gather(*(call.read() for call in calls), return_exceptions=True)
        for call in calls:
            call.cancel()
    return sum(not isinstance(answer, BaseException) for answer in answers)
