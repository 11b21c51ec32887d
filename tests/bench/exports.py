"""ExportTelemetry in every format against ReadTelemetry of the same readings: the cost of writing a file, in addition to reading."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import grpc
import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import ExportTelemetryRequest, ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.telemetry.export import FORMATS
from tests.bench.server import bench_server
from tests.bench.table import Figure, Line

ROWS, COLUMNS, TOGETHER, TIMES = 400_000, 5, 20_000, 3
T0 = 1_700_000_000_000


def measure(folder: Path) -> Iterator[Line]:
    """A line for each format: the shortest of several exports."""
    with bench_server(folder / "exports") as server, grpc.insecure_channel(server.address) as channel:
        stub, metadata = TelemetryServiceStub(channel), server.register("exported")
        assert all(not answer.rejected for answer in stub.StreamTelemetry(batches(), metadata=metadata))
        ways = {"": partial(read, stub, metadata)} | {name: partial(exported, stub, metadata, name) for name in FORMATS}
        found = best(ways)
        baseline, _ = found[""]
        for name in FORMATS:
            seconds, size = found[name]
            yield Line(
                f"ExportTelemetry, {name}, {ROWS:,} × {COLUMNS}",
                Figure(ROWS / seconds, "rows/s", note=f"{size / seconds / 1e6:,.0f} MB/s"),
                Figure(ROWS / baseline, "rows/s", "ReadTelemetry"),
                baseline / seconds,
                0.7,
            )


def batches() -> Iterator[TelemetryBatch]:
    """Readings with two decimals, as sensors send them."""
    random = np.random.default_rng(1)
    for first in range(0, ROWS, TOGETHER):
        message = TelemetryBatch(
            sequence=first + 1, timestamps=(T0 + 1_000 * np.arange(first, first + TOGETHER)).tolist()
        )
        for number in range(COLUMNS):
            message.columns.add(measurement=f"m{number}", doubles=random.normal(20, 5, TOGETHER).round(2))
        yield message


def best(ways: Mapping[str, Callable[[], int]]) -> dict[str, tuple[float, int]]:
    """The shortest time of each in several turns, and the size of its result."""
    rounds = [{name: timed(way) for name, way in ways.items()} for _ in range(TIMES)]
    return {name: min(each[name] for each in rounds) for name in ways}


def timed(way: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    size = way()
    return time.perf_counter() - began, size


def read(stub: TelemetryServiceStub, metadata: tuple[tuple[str, str], ...]) -> int:
    """Number of rows."""
    rows = sum(len(answer.batch.timestamps) for answer in stub.ReadTelemetry(ReadTelemetryRequest(), metadata=metadata))
    assert rows == ROWS
    return rows


def exported(stub: TelemetryServiceStub, metadata: tuple[tuple[str, str], ...], name: str) -> int:
    """Number of bytes."""
    request = ExportTelemetryRequest(format=name)
    return sum(len(piece.data) for piece in stub.ExportTelemetry(request, metadata=metadata))
