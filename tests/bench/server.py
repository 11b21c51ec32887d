"""A server of its own for each measurement, and what its processor time was."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.processes import Running, free_port, running


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens; process: to ask for its processor time."""

    port: int
    process: Running

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time used so far, of all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def register(self, name: str) -> tuple[tuple[str, str], ...]:
        """The metadata of a new device."""
        with grpc.insecure_channel(self.address) as channel:
            answer = DeviceServiceStub(channel).RegisterDevice(
                RegisterDeviceRequest(name=name), wait_for_ready=True, timeout=30
            )
        return (("x-api-key", answer.device.api_key),)


@contextmanager
def bench_server(folder: Path, **changed: str) -> Iterator[Server]:
    """Production's settings but for open registration, and what is changed."""
    port = free_port()
    env = {"IOTFLOW_DATA_DIR": str(folder), "IOTFLOW_GRPC_PORT": str(port), "IOTFLOW_REGISTRATION": "open", **changed}
    with running([sys.executable, "-m", "iotflow_server"], env) as process:
        server = Server(port, process)
        server.register(f"first of {port}")
        yield server
        process.terminate()
