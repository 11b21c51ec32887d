"""The server's memory in a long run under constant load.

Devices send single readings; one subscriber receives all, one reads too slowly, others come and go, as do reads, exports and
streams of configuration. Prints the memory over time, and its slope.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.v1.device_service_pb2 import WatchConfigRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import (
    ExportTelemetryRequest,
    ReadTelemetryRequest,
    SubscribeTelemetryRequest,
)
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.server import Server, bench_server

Metadata = tuple[tuple[str, str], ...]

DEVICES = 20
SAMPLE_SECONDS, LINES = 5.0, 20
# The memory that a server fills once: caches of its own, of the database and of libraries.
WARM_UP = 0.25
SLOWLY_SECONDS = 5.0


async def _send(stub: Any, metadata: Metadata, rate: float, until: float) -> None:
    """Send single readings at this rate, each acknowledged."""

    async def paced() -> AsyncIterator[TelemetryBatch]:
        began, number = time.monotonic(), 0
        while time.monotonic() < until:
            await asyncio.sleep(began + number / rate - time.monotonic())
            message = TelemetryBatch(sequence=number + 1, timestamps=[time.time_ns() // 1_000_000])
            message.columns.add(measurement="value", doubles=[number])
            yield message
            number += 1

    async for answer in stub.StreamTelemetry(paced(), metadata=metadata):
        assert not answer.rejected


async def _receive(stub: Any, metadata: Metadata, until: float, pause: float) -> None:
    """Receive all events, with a pause after each."""
    call = stub.SubscribeTelemetry(SubscribeTelemetryRequest(), metadata=metadata)
    async for _ in call:
        if time.monotonic() > until:
            break
        await asyncio.sleep(pause)
    call.cancel()


async def _come_and_go(channel: grpc.aio.Channel, admin: Metadata, device: Metadata, until: float) -> None:
    """Open subscriptions, reads, exports and watches for about a second."""
    stub = TelemetryServiceStub(channel)
    while time.monotonic() < until:
        calls: list[Any] = [
            stub.SubscribeTelemetry(SubscribeTelemetryRequest(since="-1m"), metadata=admin),
            stub.ReadTelemetry(ReadTelemetryRequest(start_time="-1m"), metadata=admin),
            stub.ExportTelemetry(ExportTelemetryRequest(start_time="-1m"), metadata=admin),
            DeviceServiceStub(channel).WatchConfig(WatchConfigRequest(), metadata=device),
        ]
        for call in calls:
            await call.read()
        await asyncio.sleep(1)
        for call in calls:
            call.cancel()


async def _sample(server: Server, until: float) -> list[tuple[float, float]]:
    """Minutes since the start, and MB."""
    began, samples = time.monotonic(), []
    while time.monotonic() < until:
        await asyncio.sleep(SAMPLE_SECONDS)
        samples.append(((time.monotonic() - began) / 60, _resident_mb(server)))
    return samples


def _resident_mb(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1_024


async def _load(server: Server, minutes: float, rate: float) -> list[tuple[float, float]]:
    admin, until = server.admin(), time.monotonic() + minutes * 60
    devices = [server.register(f"soak {number}") for number in range(DEVICES)]
    async with grpc.aio.insecure_channel(server.address) as channel, asyncio.TaskGroup() as tasks:
        stub = TelemetryServiceStub(channel)
        for device in devices:
            tasks.create_task(_send(stub, device, rate / DEVICES, until))
        tasks.create_task(_receive(stub, admin, until, 0))
        tasks.create_task(_receive(stub, admin, until, SLOWLY_SECONDS))
        tasks.create_task(_come_and_go(channel, admin, devices[0], until))
        return await _sample(server, until)


def report(samples: list[tuple[float, float]]) -> str:
    """The memory over time, and the slope of a straight line through it once the server is warm."""
    warm = np.array(samples[int(len(samples) * WARM_UP) :])
    slope = float(np.polyfit(warm[:, 0], warm[:, 1], 1)[0]) * 60
    shown = samples[:: max(1, len(samples) // LINES)]
    lines = [f"{minute:7.1f} min {mb:7.1f} MB" for minute, mb in shown]
    return "\n".join([*lines, f"slope after the first {WARM_UP:.0%}: {slope:+.1f} MB an hour"])


def run(minutes: float, rate: float) -> None:
    """Print the memory over time. rate: single readings a second."""
    with tempfile.TemporaryDirectory() as folder, bench_server(Path(folder)) as server:
        samples = asyncio.run(_load(server, minutes, rate))
    sys.stdout.write(f"{minutes:g} minutes, {rate:g} single readings a second\n{report(samples)}\n")
