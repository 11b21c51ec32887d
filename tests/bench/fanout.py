"""The live feed: the time from sending a reading to its arrival at each of many subscribers."""

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
# The first readings are not measured: they include connections, caches and the first calls of the processes.
WARM_UP = RATE
TARGET_MS = 100
# The last reading, as bytes of an event.
LAST = struct.pack("<d", READINGS - 1)
Metadata = tuple[tuple[str, str], ...]


def measure(folder: Path) -> Iterator[Line]:
    """Subscribers at the process that receives the readings, and at another process."""
    with bench_server(folder / "fanout", IOTFLOW_PUBLIC_READS="true") as server:
        yield _line("in the publisher's process", server, server)
    with redis_server() as redis:
        shared = {
            "IOTFLOW_PUBLIC_READS": "true",
            "IOTFLOW_REDIS_URL": redis.url,
            "IOTFLOW_DATABASE_URL": f"sqlite:///{folder}/registry.db",
        }
        with (
            bench_server(folder / "receiving", **shared) as receiving,
            bench_server(folder / "publishing", **shared) as publishing,
        ):
            yield _line("in another process, over Redis", receiving, publishing)


def _line(where: str, receiving: Server, publishing: Server) -> Line:
    metadata = receiving.register(where)
    before = receiving.cpu_seconds(), publishing.cpu_seconds()
    delays = asyncio.run(_delays(receiving, publishing, metadata))
    used = [server.cpu_seconds() - at for server, at in zip((receiving, publishing), before, strict=True)]
    p50, p99 = np.percentile(delays, [50, 99]) * 1_000
    cores = " and ".join(f"{seconds / SECONDS:.2f}" for seconds in used[: 1 if receiving is publishing else 2])
    return Line(
        f"Live feed, 1 publisher, {RATE:,} readings/s, {SUBSCRIBERS} subscribers {where}",
        Figure(p99, "ms", "p99", f"p50 {p50:.0f} ms, from sending; cores used: {cores}"),
        Figure(TARGET_MS, "ms", "the bound"),
        TARGET_MS / p99,
        1,
    )


async def _delays(receiving: Server, publishing: Server, metadata: Metadata) -> Any:
    """Seconds from sending to arrival, of each reading at each subscriber; shape (SUBSCRIBERS, READINGS - WARM_UP)."""
    sent = np.zeros(READINGS)
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(publishing.address)) for _ in range(CONNECTIONS)
        ]
        publisher = await stack.enter_async_context(grpc.aio.insecure_channel(receiving.address))
        calls = [_subscribe(channels[number % CONNECTIONS]) for number in range(SUBSCRIBERS)]
        for call in calls:
            # The first event confirms the subscription.
            await call.read()
        receivers = [asyncio.create_task(_receive(call)) for call in calls]
        await _send(publisher, metadata, sent)
        arrivals = [_times(events) for events in await asyncio.gather(*receivers)]
    return (np.array(arrivals) - sent)[:, WARM_UP:]


def _subscribe(channel: grpc.aio.Channel) -> Any:
    """A subscription with events as bytes: decoding for a hundred subscribers would dominate the measurement."""
    method: Any = channel.unary_stream("/iotflow.v1.TelemetryService/SubscribeTelemetry")
    return method(SubscribeTelemetryRequest().SerializeToString())


async def _receive(call: Any) -> list[tuple[float, bytes]]:
    """The arrival of each event, up to the one with the last reading."""
    events: list[tuple[float, bytes]] = []
    while not events or LAST not in events[-1][1]:
        payload = await call.read()
        events.append((time.perf_counter(), payload))
    call.cancel()
    return events


def _times(events: list[tuple[float, bytes]]) -> Any:
    """The arrival of each reading. Values are the numbers of the readings, which must be complete and in order. Shape (READINGS,)."""
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
