"""A server process, and the readings that `iotflow replay` stores in it."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iotflow.batches import decode_batch
from iotflow.channels import credentials
from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest, SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.support.processes import IOTFLOW, PATIENCE, Running, free_port, running, wait_until_listening


class Installation:
    """A data folder and a port for consecutive servers; registration requires a token."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.env = {"IOTFLOW_DATA_DIR": str(folder), "IOTFLOW_GRPC_PORT": str(self.port)}

    @contextmanager
    def server(self) -> Iterator[Running]:
        """A running server process."""
        with running([sys.executable, "-m", "iotflow_server"], self.env, self.folder) as process:
            wait_until_listening(self.port, process)
            with self.channel() as channel:
                health: Any = health_pb2_grpc.HealthStub(channel)
                health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=PATIENCE)
            yield process

    @contextmanager
    def replay(self, file: Path, device: str, *options: str) -> Iterator[Running]:
        """A running `iotflow replay`."""
        command = [IOTFLOW, "replay", str(file), "--device", device, *options]
        with running(command, self.env, self.folder) as process:
            yield process

    def replayed(self, file: Path, device: str, *options: str) -> tuple[int, str]:
        """Run a replay to its end; the exit code and the output."""
        with self.replay(file, device, *options) as process:
            return process.exit_code(), process.output

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"127.0.0.1:{self.port}")

    @property
    def admin(self) -> tuple[tuple[str, str], ...]:
        return credentials(token=(self.folder / "admin-token").read_text().strip())

    @property
    def keys(self) -> Path:
        return self.folder / "device-keys.json"

    def wait_until_stored(self, readings: int) -> None:
        """Wait until this number of readings of all devices is stored since the start."""
        with self.channel() as channel:
            request = SubscribeTelemetryRequest(since="0", columnar=True)
            events = TelemetryServiceStub(channel).SubscribeTelemetry(request, metadata=self.admin, timeout=PATIENCE)
            for event in events:
                readings -= len(event.batch.timestamps)
                if readings <= 0:
                    return

    def stored(self, device: str) -> dict[str, dict[int, Any]]:
        """All values of a device, by measurement and time (ms)."""
        key = json.loads(self.keys.read_text())[device]
        values: dict[str, dict[int, Any]] = {}
        with self.channel() as channel:
            me = DeviceServiceStub(channel).GetDeviceStatus(GetDeviceStatusRequest(), metadata=credentials(key))
            request = ReadTelemetryRequest(device_ids=[me.device.id])
            for answer in TelemetryServiceStub(channel).ReadTelemetry(request, metadata=credentials(key)):
                times, columns = decode_batch(answer.batch)
                for name, column in columns.items():
                    present = zip(times.tolist(), column.tolist(), strict=True)
                    values.setdefault(name, {}).update((time, value) for time, value in present if value is not None)
        return values
