"""The live feed: how long after its sending a reading reaches each of many subscribers."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.server import Server, bench_server
from tests.bench.table import Line
from tests.redis_server import redis_server

RATE, SECONDS, SUBSCRIBERS, CONNECTIONS = 1_000, 10, 100, 10
READINGS = RATE * SECONDS
# The beginning is not measured: connections, caches and the processes' first calls.
WARM_UP = RATE
TARGET_MS = 100
Metadata = tuple[tuple[str, str], ...]


def measure(folder: Path) -> Iterator[Line]:
    """In the process that takes the readings, and in another one."""
    with bench_server(folder / "fanout", IOTFLOW_PUBLIC_READS="true") as server:
        yield _line("in the publisher's process", server, server)
    with redis_server() as redis:
        shared = {"IOTFLOW_PUBLIC_READS": "true", "IOTFLOW_REDIS_URL": redis.url}
        with bench_server(folder / "bus", **shared) as taking, bench_server(folder / "bus", **shared) as telling:
            yield _line("in another process, over Redis", taking, telling)


def _line(where: str, taking: Server, telling: Server) -> Line:
    metadata = taking.register(where)
    before = taking.cpu_seconds(), telling.cpu_seconds()
    delays = asyncio.run(_delays(taking, telling, metadata))
    used = [server.cpu_seconds() - at for server, at in zip((taking, telling), before, strict=True)]
    p50, p99 = np.percentile(delays, [50, 99]) * 1_000
    cores = " and ".join(f"{seconds / SECONDS:.2f}" for seconds in used[: 1 if taking is telling else 2])
    return Line(
        f"Live feed, 1 publisher, {RATE:,} readings/s, {SUBSCRIBERS} subscribers {where}",
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms from sending",
        f"{TARGET_MS} ms; cores used: {cores}",
        TARGET_MS / p99,
        1,
    )


async def _delays(taking: Server, telling: Server, metadata: Metadata) -> Any:
    """Seconds from sending to hearing, of each reading at each subscriber; shape (SUBSCRIBERS, READINGS - WARM_UP)."""
    sent = np.zeros(READINGS)
    heard = np.zeros((SUBSCRIBERS, READINGS))
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(telling.address)) for _ in range(CONNECTIONS)
        ]
        publisher = await stack.enter_async_context(grpc.aio.insecure_channel(taking.address))
        calls = [
            TelemetryServiceStub(channels[number % CONNECTIONS]).SubscribeTelemetry(SubscribeTelemetryRequest())
            for number in range(SUBSCRIBERS)
        ]
        for call in calls:
            # The first event says that it is subscribed.
            await call.read()
        async with asyncio.TaskGroup() as group:
            for times, call in zip(heard, calls, strict=True):
                group.create_task(_hear(call, times))
            group.create_task(_send(publisher, metadata, sent))
    return (heard - sent)[:, WARM_UP:]


async def _hear(call: Any, times: Any) -> None:
    """Note when each reading came; they bear their numbers as values, and must come in order and whole."""
    expected = 0
    while expected < READINGS:
        event = await call.read()
        rows = len(event.telemetry.data)
        if rows:
            assert event.telemetry.data[0]["value"] == expected
            times[expected : expected + rows] = time.perf_counter()
            expected += rows
    call.cancel()


async def _send(channel: grpc.aio.Channel, metadata: Metadata, sent: Any) -> None:
    async def paced() -> AsyncIterator[TelemetryBatch]:
        began = time.perf_counter()
        for number in range(READINGS):
            await asyncio.sleep(began + number / RATE - time.perf_counter())
            message = TelemetryBatch(sequence=number, timestamps=[number])
            message.columns.add(measurement="value", doubles=[number])
            sent[number] = time.perf_counter()
            yield message

    async for answer in TelemetryServiceStub(channel).StreamTelemetry(paced(), metadata=metadata):
        assert not answer.rejected
