"""A server for each measurement, and its processor time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.token_service_pb2 import CreateTokenRequest
from tests.bench.processor import cpu_seconds
from tests.support.admin_stubs import AdminStubs
from tests.support.processes import Running, free_port, running


@dataclass(frozen=True, slots=True)
class Server:
    """The port, the data folder and the process of a server."""

    port: int
    folder: Path
    process: Running

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time used so far, of all threads."""
        return cpu_seconds([self.process.pid])

    def register(self, name: str) -> tuple[tuple[str, str], ...]:
        """The metadata of a new device."""
        with grpc.insecure_channel(self.address) as channel:
            answer = DeviceServiceStub(channel).RegisterDevice(
                RegisterDeviceRequest(name=name), wait_for_ready=True, timeout=30
            )
        return (("x-api-key", answer.device.api_key),)

    def admin(self) -> tuple[tuple[str, str], ...]:
        """The metadata of an admin."""
        return (("authorization", f"Bearer {(self.folder / 'admin-token').read_text().strip()}"),)

    def gateway(self) -> tuple[tuple[str, str], ...]:
        """The metadata of a new gateway."""
        request = CreateTokenRequest(name="gateway", role="gateway")
        with grpc.insecure_channel(self.address) as channel:
            made = AdminStubs(channel).tokens.CreateToken(request, metadata=self.admin(), timeout=30)
        return (("authorization", f"Bearer {made.secret}"),)

    def devices(self, number: int) -> list[int]:
        """The ids of this number of new devices."""
        with grpc.insecure_channel(self.address) as channel:
            register = DeviceServiceStub(channel).RegisterDevice
            return [register(RegisterDeviceRequest(name=f"of {number}: {one}")).device.id for one in range(number)]


@contextmanager
def bench_server(folder: Path, telemetry: str = "sqlite", **changed: str) -> Iterator[Server]:
    """Settings of production except open registration and diagnostics, and the given ones. telemetry: the value of its setting."""
    port = free_port()
    env = {
        "IOTFLOW_DATA_DIR": str(folder),
        "IOTFLOW_GRPC_PORT": str(port),
        "IOTFLOW_REGISTRATION": "open",
        "IOTFLOW_PUBLIC_DIAGNOSTICS": "true",
        "IOTFLOW_TELEMETRY": telemetry,
        **changed,
    }
    with running([sys.executable, "-m", "iotflow_server"], env) as process:
        server = Server(port, folder, process)
        server.register(f"first of {port}")
        yield server
        process.terminate()
