"""Commands: the time from sending to the device's answer, over gRPC, and through a gateway to many devices."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.v1.command_service_pb2 import SendCommandRequest, SendGroupCommandRequest
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest, StreamCommandsRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2 import StreamDeviceCommandsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line

WARM_UP, ROUNDS = 30, 300
TARGET_MS = 50
DEVICES = 2_000
TARGET_RATE = 1_000


def measure(folder: Path) -> Iterator[Line]:
    """Commands one after the other without other load; then one to each of many devices."""
    with bench_server(folder / "commands") as server:
        took = asyncio.run(_round_trips(server, server.register("commanded")))
        p50, p99 = np.percentile(took[WARM_UP:], [50, 99]) * 1_000
        yield Line(
            "Command, SendCommand waiting → device's stream → answer → back, at rest",
            Figure(p99, "ms", "p99", f"p50 {p50:.1f} ms"),
            None,
            p99,
            TARGET_MS,
            " ms",
            at_most=True,
        )
        server.devices(DEVICES)
        seconds = asyncio.run(_to_group(server))
        yield Line(
            f"Command to a group of {DEVICES:,}, delivered and answered by a gateway",
            Figure(DEVICES / seconds, "commands/s"),
            None,
            DEVICES / seconds,
            TARGET_RATE,
            "/s",
        )


async def _round_trips(server: Server, device: tuple[tuple[str, str], ...]) -> list[float]:
    """The seconds of each command."""
    async with grpc.aio.insecure_channel(server.address) as people, grpc.aio.insecure_channel(server.address) as own:
        call = DeviceServiceStub(own).StreamCommands(metadata=device)
        answering = asyncio.create_task(_answer(call))
        admin = CommandServiceStub(people)
        request = SendCommandRequest(device_id=_id_of(server, device), name="blink", wait_seconds=30)
        took = []
        for _ in range(WARM_UP + ROUNDS):
            began = time.perf_counter()
            answer = await admin.SendCommand(request, metadata=server.admin())
            took.append(time.perf_counter() - began)
            assert answer.command.state == "succeeded"
        call.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        return took


def _id_of(server: Server, device: tuple[tuple[str, str], ...]) -> int:
    """The device's id."""
    with grpc.insecure_channel(server.address) as channel:
        return DeviceServiceStub(channel).GetDeviceStatus(GetDeviceStatusRequest(), metadata=device).device.id


async def _answer(call: Any) -> None:
    async for message in call:
        if message.HasField("command"):
            await call.write(StreamCommandsRequest(command_id=message.command.id, state="succeeded"))


async def _to_group(server: Server) -> float:
    """Seconds from sending until the last answer is stored."""
    async with grpc.aio.insecure_channel(server.address) as people, grpc.aio.insecure_channel(server.address) as own:
        call = GatewayServiceStub(own).StreamDeviceCommands(metadata=server.gateway())
        began = time.perf_counter()
        request = SendGroupCommandRequest(group="sensor", name="blink")
        sent = await CommandServiceStub(people).SendGroupCommand(request, metadata=server.admin())
        stored = 0
        async for message in call:
            if message.HasField("command"):
                command = message.command.command
                for state in ("delivered", "succeeded"):
                    answer = StreamDeviceCommandsRequest(
                        command_id=command.id, device_id=command.device_id, state=state
                    )
                    await call.write(answer)
            elif message.receipt.state == "succeeded":
                assert not message.receipt.reason
                stored += 1
            if stored == sent.commands_made:
                break
        took = time.perf_counter() - began
        call.cancel()
        return took
