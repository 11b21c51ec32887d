"""Memory of the server for callers that do not read, and its release."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc

from iotflow.v1 import telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, batch, reason, stream
from tests.support.memory import resident
from tests.support.processes import serving_port
from tests.support.server_process import server

CALLS, UNDER_WAY, MEASUREMENTS, ROWS, BATCHES = 100, 10, 100, 2_000, 5
# For the ten calls in progress; without a limit the two hundred would take more than a gigabyte.
MOST_MORE = 350 * 2**20
# Memory that the allocator keeps.
MOST_KEPT = 100 * 2**20
PATIENCE = 60.0


def asked(stub: TelemetryServiceStub, device: Caller) -> Iterator[Any]:
    """A read and an export whose responses are not read."""
    read = telemetry_service_pb2.ReadTelemetryRequest(device_ids=[device.id])
    yield stub.ReadTelemetry(read, metadata=device.metadata, timeout=PATIENCE)
    export = telemetry_service_pb2.ExportTelemetryRequest(device_ids=[device.id])
    yield stub.ExportTelemetry(export, metadata=device.metadata, timeout=PATIENCE)


def test_memory_for_stalled_reads_and_exports_is_bounded_and_released(tmp_path: Path) -> None:
    with server(tmp_path) as (process, channel), ExitStack() as stack:
        port = serving_port(process)
        device = register(DeviceServiceStub(channel), "asked too much")
        stub = TelemetryServiceStub(channel)
        columns = {f"m{number}": {"doubles": [0.5] * ROWS} for number in range(MEASUREMENTS)}
        stream(stub, device, (batch(number + 1, ROWS, number * ROWS, **columns) for number in range(BATCHES)))
        for call in asked(stub, device):
            assert list(call)
        before = most = resident(process.pid)
        calls: list[Any] = []
        for _ in range(CALLS):
            # One connection for each, because streams of one connection would delay each other.
            options = [("grpc.use_local_subchannel_pool", 1)]
            own = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}", options=options))
            calls += asked(TelemetryServiceStub(own), device)
        refused = 0
        for call in calls:
            call.initial_metadata()
            refused += not call.is_active() and reason(call) == "READ_LIMIT"
            most = max(most, resident(process.pid))
        assert refused == len(calls) - UNDER_WAY
        assert most - before < MOST_MORE
        for call in calls:
            call.cancel()
        deadline = time.monotonic() + PATIENCE
        while resident(process.pid) - before > MOST_KEPT:
            assert time.monotonic() < deadline
            time.sleep(0.2)
