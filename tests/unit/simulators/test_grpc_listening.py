"""Devices that stop listening to the service as soon as they began."""

import gc
from unittest.mock import create_autospec

from iotflow.channels import open_channel
from iotflow_simulators.doors.grpc_listening import GrpcListening
from iotflow_simulators.doors.link import Listener
from iotflow_simulators.tasks import OwnedTasks


async def test_listening_that_ends_before_it_began_leaves_no_coroutine_behind() -> None:
    async with open_channel("127.0.0.1:1") as channel:
        tasks = OwnedTasks()
        listening = GrpcListening(channel, (), create_autospec(Listener), tasks)
        listening.open()
        listening.report({"interval_ms": 200})
        listening.close()
        await tasks.close()
    # pytest fails where a coroutine is removed that was never awaited.
    gc.collect()
