"""The service as `iotflow up` starts it, with one of its brokers, and SQLite."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import grpc

from iotflow.batches import decode_batch
from iotflow.channels import credentials
from iotflow.v1.system_service_pb2 import GetMetricsRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.mqtt_load import register
from tests.bench.peer import Peer
from tests.support.processes import children, free_port
from tests.support.service import Service, iotflow_up

# Seconds for a start, and for an answer.
START, ANSWER = 120.0, 120.0


class OwnStack(Peer):
    """broker: of `iotflow up`. options: its further ones."""

    def __init__(self, folder: Path, broker: str, *options: str) -> None:
        self._folder = folder
        self._options = ["--broker", broker, *options]
        self._stack = ExitStack()
        self._service: Service | None = None
        self.port = free_port()

    @property
    def service(self) -> Service:
        """The running service."""
        assert self._service
        return self._service

    def start(self) -> None:
        options = [*self._options, "--mqtt-port", str(self.port)]
        up = iotflow_up(self._folder / "data", None, *options, within=START)
        self._service = self._stack.enter_context(up)

    def logins(self, count: int) -> Path:
        return register(self._folder, self.service, count)

    def stored(self) -> int:
        """Since the start of the server."""
        with grpc.insecure_channel(self._target) as channel:
            return stored_by_server(SystemServiceStub(channel))

    def count(self, device_ids: Sequence[int]) -> int:
        """The number of readings in the store."""
        with grpc.insecure_channel(self._target) as channel:
            request = ReadTelemetryRequest(device_ids=device_ids)
            metadata = credentials(token=self.service.admin_token)
            answers = TelemetryServiceStub(channel).ReadTelemetry(request, metadata=metadata, timeout=ANSWER)
            return sum(len(decode_batch(answer.batch)[0]) for answer in answers)

    @property
    def gateway(self) -> int:
        """The process of the adapter, which has the endpoint."""
        return next(pid for command, pid in self._parts.items() if "-m iotflow_gateway" in command)

    @property
    def behind_the_broker(self) -> list[int]:
        return [pid for command, pid in self._parts.items() if "-m iotflow_" in command]

    @property
    def with_the_broker(self) -> list[int]:
        return [pid for command, pid in self._parts.items() if "-m iotflow_" in command or "mosquitto" in command]

    @property
    def everything(self) -> list[int]:
        return [self.service.process.pid, *self._parts.values()]

    def close(self) -> None:
        self._stack.close()

    @property
    def _target(self) -> str:
        return f"127.0.0.1:{self.service.grpc_port}"

    @property
    def _parts(self) -> dict[str, int]:
        return children(self.service.process.pid)


def stored_by_server(stub: SystemServiceStub) -> int:
    """The number of readings that the server has stored since its start."""
    lines = stub.GetMetrics(GetMetricsRequest(), timeout=ANSWER).data.decode().splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("iotflow_readings_stored_total "))))
