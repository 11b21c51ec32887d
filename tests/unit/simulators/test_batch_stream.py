"""The stream of readings of a simulated device or gateway."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from iotflow.channels import credentials, open_channel
from iotflow.v1 import telemetry_service_pb2
from iotflow_simulators.doors.batch_stream import BatchStream
from iotflow_simulators.doors.link import Problem
from iotflow_simulators.tasks import OwnedTasks
from tests.support.scripted_server import serving


class Owner:
    """What a stream reports to its owner."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.lost: list[Problem] = []

    def stream_opened(self) -> None:
        self.opened.set()

    def stream_lost(self, problem: Problem) -> None:
        self.lost.append(problem)


async def test_a_closed_stream_ends_its_call_and_reports_nothing() -> None:
    ended = asyncio.Event()

    async def stream(_requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        try:
            await context.send_initial_metadata(())
            await asyncio.Event().wait()
            yield
        finally:
            ended.set()

    owner = Owner()
    async with (
        serving(telemetry_service_pb2.DESCRIPTOR, {"StreamTelemetry": stream}) as address,
        open_channel(address) as channel,
    ):
        opened = BatchStream(channel, credentials("key"), owner, OwnedTasks())
        await owner.opened.wait()
        opened.close()
        await ended.wait()
    assert owner.lost == []
