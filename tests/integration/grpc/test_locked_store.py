"""A server whose store is locked rejects calls with advice, and recovers."""

import sqlite3
from pathlib import Path

import grpc
import pytest

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.system_service_pb2 import GetHealthRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2 import SubmitTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.telemetry.stores.sqlite import schema
from tests.integration.grpc.conftest import ServerThread, register, settings
from tests.integration.grpc.device import batch, read, reason, stream, trailing


def test_a_locked_store_rejects_writes_with_advice_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.1)
    server = ServerThread(settings(tmp_path, public_diagnostics=True))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        device = register(DeviceServiceStub(channel), "locked out")
        stub = TelemetryServiceStub(channel)
        request = SubmitTelemetryRequest()
        request.data["t"] = 1
        lock = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        with pytest.raises(grpc.RpcError) as caught:
            stub.SubmitTelemetry(request, metadata=device.metadata, timeout=30)
        assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        assert trailing(caught.value)["retry-after"] == "1"
        with pytest.raises(grpc.RpcError) as caught:
            stream(stub, device, [batch(1)])
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        health = SystemServiceStub(channel).GetHealth(GetHealthRequest(detailed=True))
        assert {check.name: check.status for check in health.checks}["telemetry_store"] == "unhealthy"
        assert read(stub, device) == {}
        lock.execute("ROLLBACK")
        lock.close()
        assert stub.SubmitTelemetry(request, metadata=device.metadata, timeout=30).stored_in_iotdb
    server.stop()
