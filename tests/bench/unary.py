"""Unary calls: registrations, and REST against direct gRPC."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import httpx

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import SubmitTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.server import bench_server
from tests.bench.table import Figure, Line
from tests.support.service import iotflow_up

CALLERS, CALLS = 32, 150
READING = {"temperature": 21.5, "humidity": 40.25, "door_open": False}


def measure(folder: Path) -> list[Line]:
    """Registrations one after the other; readings through Envoy and without it, by the same number of callers."""
    with bench_server(folder / "registrations") as server:
        alone, together = asyncio.run(registrations(server.address))
    with iotflow_up(folder / "up") as service:
        made = httpx.post(f"{service.rest}/api/v1/devices/register", json={"name": "rest"}, trust_env=False)
        key = made.json()["device"]["api_key"]
        direct = asyncio.run(submitted_by_grpc(f"127.0.0.1:{service.grpc_port}", key))
        rest = asyncio.run(submitted_by_rest(service.rest_port, key))
    return [
        Line("RegisterDevice, one caller", Figure(alone, "/s"), None, alone, 500, "/s"),
        Line("RegisterDevice, 10 callers", Figure(together, "/s"), None, together, 500, "/s"),
        Line(
            f"SubmitTelemetry by REST through Envoy, {CALLERS} callers",
            Figure(rest, "/s"),
            Figure(direct, "/s", f"direct unary gRPC, {CALLERS} callers"),
            rest / direct,
            0.6,
        ),
    ]


async def rate(callers: int, calls: int, one: Callable[[int, int], Awaitable[object]]) -> float:
    """Calls per second of this number of callers."""

    async def caller(number: int) -> None:
        for call in range(calls):
            await one(number, call)

    began = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    return callers * calls / (time.perf_counter() - began)


async def registrations(address: str) -> tuple[float, float]:
    """Registrations per second, by one caller and by ten."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = DeviceServiceStub(channel)

        async def register(caller: int, call: int) -> None:
            await stub.RegisterDevice(RegisterDeviceRequest(name=f"device {caller} {call}"))

        await rate(1, 200, lambda _, call: register(-1, call))
        return await rate(1, 1_500, lambda _, call: register(-2, call)), await rate(10, 200, register)


async def submitted_by_grpc(address: str, key: str) -> float:
    request = SubmitTelemetryRequest()
    request.data.update(READING)
    metadata = (("x-api-key", key),)
    async with grpc.aio.insecure_channel(address) as channel:
        stub = TelemetryServiceStub(channel)

        async def submit(_caller: int, _call: int) -> None:
            await stub.SubmitTelemetry(request, metadata=metadata)

        await rate(CALLERS, 20, submit)
        return await rate(CALLERS, CALLS, submit)


async def submitted_by_rest(port: int, key: str) -> float:
    """Persistent connections and hand-written requests: with a library, the measurement would be of the library."""
    body = b'{"data":{"temperature":21.5,"humidity":40.25,"door_open":false}}'
    request = (
        b"POST /api/v1/devices/telemetry HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"x-api-key: %s\r\ncontent-length: %d\r\n\r\n%s" % (key.encode(), len(body), body)
    )
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CALLERS)]

    async def submit(caller: int, _call: int) -> None:
        reader, writer = connections[caller]
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 "), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))

    await rate(CALLERS, 20, submit)
    measured = await rate(CALLERS, CALLS, submit)
    for _, writer in connections:
        writer.close()
    return measured
