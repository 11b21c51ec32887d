"""A server that shares its registry with other processes notices their changes soon, even if Redis is away."""

import sqlite3
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from iotflow.v1 import device_service_pb2_grpc, telemetry_service_pb2
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.composition import telemetry
from tests.integration.grpc.conftest import ServerThread, register, settings


def test_a_device_that_another_process_renames_is_named_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process with a registry of its own caches devices for longer."""
    monkeypatch.setattr(telemetry, "SHARED_TTL", 0.0)
    server = ServerThread(settings(tmp_path, redis_url="redis://127.0.0.1:1"))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        device = register(device_service_pb2_grpc.DeviceServiceStub(channel), "before")

        def name() -> str:
            request = telemetry_service_pb2.GetTelemetryRequest(device_id=device.id)
            return TelemetryServiceStub(channel).GetTelemetry(request, metadata=device.metadata, timeout=30).device_name

        assert name() == "before"
        with closing(sqlite3.connect(tmp_path / "registry.db")) as registry, registry:
            registry.execute("UPDATE devices SET name = 'after' WHERE id = ?", (device.id,))
        assert name() == "after"
    server.stop()
