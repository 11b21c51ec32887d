"""StreamTelemetry on the embedded store."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.telemetry.stores.sqlite.schema import connect_writer
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line

ROWS, COLUMNS, BATCHES = 1_000, 5, 300
SINGLES = 30_000
T0 = 1_700_000_000_000
POINTS = ROWS * COLUMNS * BATCHES


def measure(folder: Path) -> list[Line]:
    """Wide batches against executemany, and single readings."""
    baseline = POINTS / executemany_seconds(folder / "baseline.db")
    with bench_server(folder / "streams") as server:
        metadata = server.register("wide")
        wide = POINTS / asyncio.run(seconds(server, metadata, wide_batches()))
        metadata = server.register("single")
        before = server.cpu_seconds()
        took = asyncio.run(seconds(server, metadata, single_readings()))
        used = server.cpu_seconds() - before
    return [
        Line(
            f"StreamTelemetry, 1 stream, {ROWS:,} × {COLUMNS}",
            Figure(wide / 1e6, "M values/s"),
            Figure(baseline / 1e6, "M values/s", "executemany, a commit each"),
            wide / baseline,
            0.6,
        ),
        Line(
            "StreamTelemetry, 1 stream, single readings",
            Figure(SINGLES / took, "/s", note=f"{used:.1f} s of processor for {SINGLES:,}"),
            None,
            SINGLES / used,
            4_000,
            "/s a core",
        ),
    ]


def columns(batch: int) -> tuple[list[int], list[list[float]]]:
    """Times and values of one batch."""
    random = np.random.default_rng(batch)
    times = T0 + 1_000 * np.arange(batch * ROWS, (batch + 1) * ROWS)
    return times.tolist(), [random.normal(20, 5, ROWS).round(2).tolist() for _ in range(COLUMNS)]


def executemany_seconds(path: Path) -> float:
    """The same rows inserted into the same schema with the same durability: a transaction for each batch."""
    connection = connect_writer(path)
    rows = []
    for batch in range(BATCHES):
        times, values = columns(batch)
        rows.append(
            [(series, t, v) for series, column in enumerate(values) for t, v in zip(times, column, strict=True)]
        )
    began = time.perf_counter()
    for group in rows:
        write(connection, group)
    took = time.perf_counter() - began
    connection.close()
    return took


def write(connection: sqlite3.Connection, rows: Sequence[tuple[int, int, float]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR REPLACE INTO reading (series, time, value) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")


def wide_batches() -> list[TelemetryBatch]:
    messages = []
    for batch in range(BATCHES):
        times, values = columns(batch)
        message = TelemetryBatch(sequence=batch + 1, timestamps=times)
        for number, column in enumerate(values):
            message.columns.add(measurement=f"m{number}", doubles=column)
        messages.append(message)
    return messages


def single_readings() -> list[TelemetryBatch]:
    messages = []
    for number in range(SINGLES):
        message = TelemetryBatch(sequence=number + 1, timestamps=[T0 + number])
        message.columns.add(measurement="m", doubles=[number / 4])
        messages.append(message)
    return messages


async def seconds(server: Server, metadata: tuple[tuple[str, str], ...], batches: list[TelemetryBatch]) -> float:
    """The seconds from the first batch to the last acknowledgement."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = TelemetryServiceStub(channel).StreamTelemetry(metadata=metadata)
        began = time.perf_counter()
        sender = asyncio.create_task(send(call, batches))
        last = -1
        async for answer in call:
            last = answer.committed_sequence
            assert not answer.rejected
        await sender
        assert last == batches[-1].sequence
        return time.perf_counter() - began


async def send(call: Any, batches: list[TelemetryBatch]) -> None:
    for batch in batches:
        await call.write(batch)
    await call.done_writing()
