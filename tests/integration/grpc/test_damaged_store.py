"""A server with a damaged telemetry.db reports it everywhere, and returns no made-up results."""

from functools import partial
from pathlib import Path

import grpc
import pytest

from iotflow.v1 import device_service_pb2, system_service_pb2, telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import ServerThread, settings
from tests.integration.grpc.device import Caller, batch, reason, stream

PAGE = 4096


def damage(path: Path) -> None:
    """Invert 400 bytes of each page after the first ones."""
    content = bytearray(path.read_bytes())
    for start in range(5 * PAGE, len(content), PAGE):
        content[start : start + 400] = bytes(byte ^ 0xFF for byte in content[start : start + 400])
    path.write_bytes(content)


def test_a_damaged_store_is_unhealthy_and_rejects_reads_and_writes(tmp_path: Path) -> None:
    server = ServerThread(settings(tmp_path))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        made = DeviceServiceStub(channel).RegisterDevice(device_service_pb2.RegisterDeviceRequest(name="a")).device
        device = Caller(made.id, (("x-api-key", made.api_key),))
        stream(TelemetryServiceStub(channel), device, [batch(1, rows=5_000)])
    server.stop()
    damage(tmp_path / "telemetry.db")
    server = ServerThread(settings(tmp_path, public_diagnostics=True))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        telemetry = TelemetryServiceStub(channel)
        write = telemetry_service_pb2.SubmitTelemetryRequest()
        write.data["m"] = 1
        latest = telemetry_service_pb2.GetLatestTelemetryRequest(device_id=device.id)
        for call in (
            partial(telemetry.GetTelemetry, telemetry_service_pb2.GetTelemetryRequest()),
            partial(telemetry.GetLatestTelemetry, latest),
            partial(telemetry.SubmitTelemetry, write),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call(metadata=device.metadata)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert reason(caught.value) == "STORE_DAMAGED"
        health = SystemServiceStub(channel).GetHealth(system_service_pb2.GetHealthRequest(detailed=True))
        (store,) = [check for check in health.checks if check.name == "telemetry_store"]
        assert (health.status, store.status) == ("unhealthy", "unhealthy")
        assert "telemetry.db in the data folder is damaged" in store.message
    server.stop()
