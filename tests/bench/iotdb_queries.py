"""Queries of readings in IoTDB, against the same statements through IoTDB's own client."""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench import raw
from tests.bench.generator import Sending, seconds
from tests.bench.messages import T0, Shapes
from tests.bench.processor import forget_peak, peak_bytes
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line
from tests.support.iotdb import LONG_RUN, running_iotdb

ROWS, COLUMNS, BATCHES = 1_000, 10, 1_000
HOUR = 3_600_000
END = T0 + 1_000 * ROWS * BATCHES
AGGREGATES, PAGES = 40, 100


def measure(folder: Path) -> Iterator[Line]:
    """A device with a million readings of ten fields, all on IoTDB's disk."""
    with (
        running_iotdb(java=LONG_RUN) as iotdb,
        bench_server(folder / "asked", f"iotdb://root:root@127.0.0.1:{iotdb.port}") as server,
    ):
        device_id = _filled(server)
        with raw.session(iotdb.port) as session, grpc.insecure_channel(server.address) as channel:
            session.execute_non_query_statement("FLUSH")
            queries = Queries(TelemetryServiceStub(channel), server.admin(), session, device_id)
            yield _aggregates(queries)
            yield _page(queries, 1)
            yield _page(queries, COLUMNS)
            yield from _whole(queries, server)


def _filled(server: Server) -> int:
    """The device's id."""
    (device_id,), shapes = server.devices(1), Shapes(ROWS, COLUMNS)
    seconds(server.address, [Sending(server.gateway(), list(shapes.messages(BATCHES, device_id, 0)))])
    return device_id


def _aggregates(queries: "Queries") -> Line:
    service, baseline = _medians(queries.aggregate, queries.raw_aggregate, AGGREGATES)
    what = f"AggregateTelemetry: 1 h averages of {ROWS * BATCHES:,} points"
    return _against_statement(what, service, baseline, 1.5)


def _page(queries: "Queries", fields: int) -> Line:
    service, baseline = _medians(lambda: queries.page(fields), lambda: queries.raw_page(fields), PAGES)
    what = f"GetTelemetry: the newest 1,000 rows, {fields} field{'s' if fields > 1 else ''}"
    return _against_statement(what, service, baseline, 2)


def _against_statement(what: str, service: float, baseline: float, target: float) -> Line:
    """The seconds of both."""
    figure, against = Figure(service * 1e3, "ms"), Figure(baseline * 1e3, "ms", "the statement")
    return Line(what, figure, against, service / baseline, target, at_most=True)


def _whole(queries: "Queries", server: Server) -> Iterator[Line]:
    queries.read(BATCHES // 10)
    part, _ = _peak(server, lambda: queries.read(BATCHES // 10))
    used, points = server.cpu_seconds(), BATCHES * ROWS * COLUMNS
    whole, took = _peak(server, lambda: queries.read(BATCHES))
    used = server.cpu_seconds() - used
    baseline = _took(queries.raw_read)
    note = f"processor seconds a million: server {used * 1e6 / points:.3f}"
    figure = Figure(points / took / 1e6, "M points/s", note=note)
    against = Figure(points / baseline / 1e6, "M points/s", "the statement to a data frame")
    yield Line(f"ReadTelemetry: {points / 1e6:.0f} M points", figure, against, baseline / took, None)
    figure, against = Figure(whole / 2**20, "MiB"), Figure(part / 2**20, "MiB", "of 1 M points")
    yield Line("ReadTelemetry: the server's peak memory", figure, against, whole / part, 1.1, at_most=True)


class Queries:
    """The same queries to the server and to IoTDB. The size of each answer is checked."""

    def __init__(self, stub: TelemetryServiceStub, metadata: Any, session: Any, device_id: int) -> None:
        self._stub = stub
        self._metadata = metadata
        self._session = session
        self._device_id = device_id
        self._path = f"root.iotflow.devices.device_{device_id}"
        self._windows = -(-END // HOUR) - T0 // HOUR

    def aggregate(self) -> None:
        request = wire.AggregateTelemetryRequest(
            device_id=self._device_id, window="1h", start_time=str(T0), end_time=str(END), fields=["m0"]
        )
        answer = self._stub.AggregateTelemetry(request, metadata=self._metadata)
        assert answer.count == self._windows, answer.count

    def raw_aggregate(self) -> None:
        start, end = T0 // HOUR * HOUR, -(-END // HOUR) * HOUR
        statement = (
            f"SELECT avg(m0) FROM {self._path} WHERE time >= {T0} AND time < {END} GROUP BY ([{start}, {end}), 1h)"
        )
        assert len(self._asked(statement)) == self._windows

    def page(self, fields: int) -> None:
        request = wire.GetTelemetryRequest(
            device_id=self._device_id, start_time=str(T0), limit=1_000, fields=_names(fields)
        )
        assert self._stub.GetTelemetry(request, metadata=self._metadata).count == 1_000

    def raw_page(self, fields: int) -> None:
        names = ", ".join(_names(fields))
        statement = f"SELECT {names} FROM {self._path} WHERE time >= {T0} ORDER BY TIME DESC LIMIT 1000"
        assert len(self._asked(statement)) == 1_000

    def read(self, blocks: int) -> None:
        end = T0 + 1_000 * ROWS * blocks
        request = wire.ReadTelemetryRequest(device_ids=[self._device_id], end_time=str(end))
        rows = 0
        for answer in self._stub.ReadTelemetry(request, metadata=self._metadata):
            assert len(answer.batch.columns) == COLUMNS
            rows += len(answer.batch.timestamps)
        assert rows == ROWS * blocks, rows

    def raw_read(self) -> None:
        names = ", ".join(_names(COLUMNS))
        assert len(self._asked(f"SELECT {names} FROM {self._path}")) == ROWS * BATCHES

    def _asked(self, statement: str) -> Any:
        with self._session.execute_query_statement(statement) as answer:
            return answer.todf()


def _names(fields: int) -> list[str]:
    return [f"m{number}" for number in range(fields)]


def _medians(service: Callable[[], None], baseline: Callable[[], None], number: int) -> tuple[float, float]:
    """The median seconds of each, measured in turns."""
    for _ in range(number // 4):
        service()
        baseline()
    pairs = [(_took(service), _took(baseline)) for _ in range(number)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _took(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak(server: Server, work: Callable[[], None]) -> tuple[int, float]:
    """The peak memory of the server during the work, in bytes, and the seconds of the work."""
    forget_peak(server.process.pid)
    took = _took(work)
    return peak_bytes(server.process.pid), took
