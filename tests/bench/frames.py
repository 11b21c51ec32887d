"""A million points decoded into a data frame by the Python client, against reception of the same bytes without decoding."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.batches import encode_batch
from iotflow.connection import Connection
from iotflow.reading import TelemetryReader
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line

ROWS, COLUMNS, TOGETHER, TIMES = 200_000, 5, 20_000, 5
POINTS = ROWS * COLUMNS
T0 = 1_700_000_000_000
METHOD = "/iotflow.v1.TelemetryService/ReadTelemetry"
Metadata = tuple[tuple[str, str], ...]


def measure(folder: Path) -> Iterator[Line]:
    """One line: the seconds of decoding against the seconds of reception, and both."""
    with bench_server(folder / "frames") as server:
        metadata = server.register("framed")
        with grpc.insecure_channel(server.address) as channel:
            sent = TelemetryServiceStub(channel).StreamTelemetry(batches(), metadata=metadata)
            assert all(not answer.rejected for answer in sent)
        received, framed = asyncio.run(best(server, metadata))
    what = f"{POINTS:,} points into a pandas DataFrame"
    yield Line(what, Figure(framed, "s"), Figure(received, "s", "receiving only"), framed / received, 1.3, at_most=True)
    yield Line(f"{what}, time", Figure(framed, "s"), None, framed, 1.0, "s", at_most=True)


def batches() -> Iterator[TelemetryBatch]:
    """Readings with two decimals, as sensors send them."""
    random = np.random.default_rng(1)
    for first in range(0, ROWS, TOGETHER):
        times = T0 + 1_000 * np.arange(first, first + TOGETHER)
        columns = {f"m{number}": random.normal(20, 5, TOGETHER).round(2) for number in range(COLUMNS)}
        batch = encode_batch(times, columns)
        batch.sequence = first + 1
        yield batch


async def best(server: Server, metadata: Metadata) -> tuple[float, float]:
    """The shortest times of reception and of decoding, in several turns."""
    async with Connection(server.address, api_key=dict(metadata)["x-api-key"]) as connection:
        rounds = [(await timed(receive, connection), await timed(frame, connection)) for _ in range(TIMES)]
    return min(received for received, _ in rounds), min(framed for _, framed in rounds)


async def timed(way: Callable[[Connection], Awaitable[None]], connection: Connection) -> float:
    began = time.perf_counter()
    await way(connection)
    return time.perf_counter() - began


async def receive(connection: Connection) -> None:
    async with connection.call() as channel:
        method: Any = channel.unary_stream(METHOD, ReadTelemetryRequest.SerializeToString, None)
        size = 0
        async for message in method(ReadTelemetryRequest(), metadata=connection.metadata):
            size += len(message)
    assert size > POINTS * 8


async def frame(connection: Connection) -> None:
    columns = await TelemetryReader(connection).read()
    assert columns.to_pandas().shape == (ROWS, COLUMNS + 2)
