"""Imports of devices against single registrations, and what other callers wait for during an import."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import grpc
import numpy as np

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest, SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import ImportDevicesRequest
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line
from tests.bench.unary import registrations
from tests.support.device_imports import run_import

DEVICES, BATCH, WINDOW = 200_000, 1_000, 4
TARGET_RATE, BESIDE_MS = 10_000, 250
# Between two calls beside the import.
EVERY = 0.02


@dataclass(slots=True)
class Beside:
    """Milliseconds of each call beside the import, by kind."""

    registrations: list[float] = field(default_factory=list)
    heartbeats: list[float] = field(default_factory=list)


def measure(folder: Path) -> Iterator[Line]:
    """By the stream, by the stream with other callers, and by the library of the command."""
    with bench_server(folder / "imports") as server:
        _, single = asyncio.run(registrations(server.address))
        rate = DEVICES / asyncio.run(_import(server, "alone"))
        yield Line(
            f"ImportDevices, {DEVICES:,} devices, {BATCH:,} in a message",
            Figure(rate, "devices/s"),
            Figure(single, "/s", "RegisterDevice, 10 callers"),
            rate,
            TARGET_RATE,
            "/s",
        )
        beside = asyncio.run(_with_others(server))
        p99 = float(np.percentile([*beside.registrations, *beside.heartbeats], 99))
        note = f"RegisterDevice p50 {np.median(beside.registrations):.0f} ms, p99 {np.percentile(beside.registrations, 99):.0f} ms"
        yield Line(
            "RegisterDevice and SendHeartbeat beside an import",
            Figure(p99, "ms", "p99", note),
            None,
            p99,
            BESIDE_MS,
            " ms",
            at_most=True,
        )
        yield _by_the_library(server, folder)


def _by_the_library(server: Server, folder: Path) -> Line:
    file = folder / "devices.csv"
    rows = (f"device {number},probe,hall {number % 100}\n" for number in range(DEVICES))
    file.write_text("name,device_type,location\n" + "".join(rows))
    token = server.admin()[0][1].removeprefix("Bearer ")
    began = time.perf_counter()
    result = run_import(file, folder / "keys.csv", server.address, token)
    rate = DEVICES / (time.perf_counter() - began)
    assert result.registered == DEVICES
    what = f"Import of a CSV file of {DEVICES:,}, keys on disk"
    return Line(what, Figure(rate, "devices/s"), None, rate, TARGET_RATE, "/s")


async def _import(server: Server, prefix: str) -> float:
    """The seconds of an import."""
    room, import_id = asyncio.Semaphore(WINDOW), str(uuid4())

    async def messages() -> AsyncIterator[ImportDevicesRequest]:
        for first in range(0, DEVICES, BATCH):
            await room.acquire()
            devices = [
                RegisterDeviceRequest(name=f"{prefix} {number}", device_type="probe", location="hall")
                for number in range(first, first + BATCH)
            ]
            yield ImportDevicesRequest(import_id=import_id, sequence=first // BATCH + 1, devices=devices)

    async with grpc.aio.insecure_channel(server.address) as channel:
        began = time.perf_counter()
        stub = FleetServiceStub(channel)
        async for answer in stub.ImportDevices(messages(), metadata=server.admin()):
            assert len(answer.imported) == BATCH
            room.release()
        return time.perf_counter() - began


async def _with_others(server: Server) -> Beside:
    """An import with a device that sends heartbeats, and single registrations."""
    beside, device = Beside(), server.register("beside the import")
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = DeviceServiceStub(channel)

        async def register(number: int) -> None:
            await stub.RegisterDevice(RegisterDeviceRequest(name=f"single {number}"))

        async def beat(_: int) -> None:
            await stub.SendHeartbeat(SendHeartbeatRequest(), metadata=device)

        others = [
            asyncio.create_task(_repeatedly(register, beside.registrations)),
            asyncio.create_task(_repeatedly(beat, beside.heartbeats)),
        ]
        await _import(server, "together")
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return beside


async def _repeatedly(call: Callable[[int], Awaitable[None]], waits: list[float]) -> None:
    number = 0
    while True:
        began = time.perf_counter()
        await call(number)
        waits.append((time.perf_counter() - began) * 1_000)
        number += 1
        await asyncio.sleep(EVERY)
