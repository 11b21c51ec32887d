"""The live feed: how long after its sending a reading reaches each of many subscribers."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest, SubscribeTelemetryResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line
from tests.support.redis_server import redis_server

RATE, SECONDS, SUBSCRIBERS, CONNECTIONS = 1_000, 10, 100, 10
READINGS = RATE * SECONDS
# The beginning is not measured: connections, caches and the processes' first calls.
WARM_UP = RATE
TARGET_MS = 100
# The last reading, as it stands in an event's bytes.
LAST = struct.pack("<d", READINGS - 1)
Metadata = tuple[tuple[str, str], ...]


def measure(folder: Path) -> Iterator[Line]:
    """In the process that takes the readings, and in another one."""
    with bench_server(folder / "fanout", IOTFLOW_PUBLIC_READS="true") as server:
        yield _line("in the publisher's process", server, server)
    with redis_server() as redis:
        shared = {
            "IOTFLOW_PUBLIC_READS": "true",
            "IOTFLOW_REDIS_URL": redis.url,
            "IOTFLOW_DATABASE_URL": f"sqlite:///{folder}/registry.db",
        }
        with bench_server(folder / "taking", **shared) as taking, bench_server(folder / "telling", **shared) as telling:
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
        Figure(p99, "ms", "p99", f"p50 {p50:.0f} ms, from sending; cores used: {cores}"),
        Figure(TARGET_MS, "ms", "the bound"),
        TARGET_MS / p99,
        1,
    )


async def _delays(taking: Server, telling: Server, metadata: Metadata) -> Any:
    """Seconds from sending to hearing, of each reading at each subscriber; shape (SUBSCRIBERS, READINGS - WARM_UP)."""
    sent = np.zeros(READINGS)
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(telling.address)) for _ in range(CONNECTIONS)
        ]
        publisher = await stack.enter_async_context(grpc.aio.insecure_channel(taking.address))
        calls = [_subscribe(channels[number % CONNECTIONS]) for number in range(SUBSCRIBERS)]
        for call in calls:
            # The first event says that it is subscribed.
            await call.read()
        hearing = [asyncio.create_task(_hear(call)) for call in calls]
        await _send(publisher, metadata, sent)
        heard = [_times(events) for events in await asyncio.gather(*hearing)]
    return (np.array(heard) - sent)[:, WARM_UP:]


def _subscribe(channel: grpc.aio.Channel) -> Any:
    """Events as bytes: a client that decodes those of a hundred subscribers would be what is measured."""
    method: Any = channel.unary_stream("/iotflow.v1.TelemetryService/SubscribeTelemetry")
    return method(SubscribeTelemetryRequest().SerializeToString())


async def _hear(call: Any) -> list[tuple[float, bytes]]:
    """When each event came, up to the last reading's."""
    events: list[tuple[float, bytes]] = []
    while not events or LAST not in events[-1][1]:
        payload = await call.read()
        events.append((time.perf_counter(), payload))
    call.cancel()
    return events


def _times(events: list[tuple[float, bytes]]) -> Any:
    """When each reading came; they bear their numbers as values, and must come in order and whole. Shape (READINGS,)."""
    times: list[float] = []
    for moment, payload in events:
        for row in SubscribeTelemetryResponse.FromString(payload).telemetry.data:
            assert row["value"] == len(times)
            times.append(moment)
    return times


async def _send(channel: grpc.aio.Channel, metadata: Metadata, sent: Any) -> None:
    async def paced() -> AsyncIterator[TelemetryBatch]:
        began = time.perf_counter()
        for number in range(READINGS):
            await asyncio.sleep(began + number / RATE - time.perf_counter())
            message = TelemetryBatch(sequence=number + 1, timestamps=[number])
            message.columns.add(measurement="value", doubles=[number])
            sent[number] = time.perf_counter()
            yield message

    async for answer in TelemetryServiceStub(channel).StreamTelemetry(paced(), metadata=metadata):
        assert not answer.rejected
