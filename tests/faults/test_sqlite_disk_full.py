"""The disk of a server without IoTDB is full: readings are rejected with the cause, health reports it, and the log stays short."""

import time
from pathlib import Path

import grpc

from iotflow.channels import credentials
from iotflow.errors import server_error
from iotflow.v1 import device_service_pb2, system_service_pb2, telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.disk import fill, small_disk
from tests.faults.server import Server, server_process
from tests.support.processes import PATIENCE

REFUSALS = 300
FULL = "disk of the telemetry store is full"


def submit(channel: grpc.Channel, key: str) -> str:
    """The error of a reading; empty: it is stored. The reading is large, so that no page has space for it."""
    request = telemetry_service_pb2.SubmitTelemetryRequest()
    request.data["text"] = "x" * 20_000
    try:
        TelemetryServiceStub(channel).SubmitTelemetry(request, metadata=credentials(key), timeout=PATIENCE)
    except grpc.RpcError as error:
        refusal = server_error(error)  # type: ignore[arg-type]
        assert (refusal.code, refusal.retryable) == (grpc.StatusCode.UNAVAILABLE, True), refusal
        return refusal.message
    return ""


def until(is_so: object, channel: grpc.Channel, key: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (FULL in submit(channel, key)) is not is_so:
        assert time.monotonic() < deadline


def health(server: Server, channel: grpc.Channel) -> tuple[str, str]:
    """The status of the server, and the messages of its checks."""
    request = system_service_pb2.GetHealthRequest(detailed=True)
    answer = SystemServiceStub(channel).GetHealth(
        request, timeout=PATIENCE, metadata=credentials(token=server.admin_token)
    )
    return answer.status, " ".join(check.message for check in answer.checks)


def test_a_full_disk_is_reported_and_acknowledged_readings_stay(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "data", 16) as folder,
        server_process(folder, "sqlite", {}) as server,
    ):
        server.start()
        with grpc.insecure_channel(server.target) as channel:
            request = device_service_pb2.RegisterDeviceRequest(name="pump")
            key = DeviceServiceStub(channel).RegisterDevice(request, timeout=PATIENCE).device.api_key
            until(False, channel, key)
            ballast = folder / "ballast"
            fill(ballast)
            until(True, channel, key)
            began = time.monotonic()
            assert all(FULL in submit(channel, key) for _ in range(REFUSALS))
            status, messages = health(server, channel)
            assert (status, FULL in messages) == ("unhealthy", True), messages
            most = 1 + (time.monotonic() - began) // 10 + 1
            assert server.log.count("telemetry_not_stored") <= most, server.log
            assert server.log.count("store_unavailable") <= most, server.log
            assert "Traceback" not in server.log
            ballast.unlink()
            until(False, channel, key)
            assert health(server, channel)[0] == "healthy"
