"""Workers with a real IoTDB start simultaneously, and the journal of a dead worker is adopted."""

from pathlib import Path

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, batch, read, stream
from tests.integration.workers.group import workers
from tools.iotdb_server import IotdbServer

WORKERS = 4


def test_the_journal_of_a_dead_worker_is_adopted(tmp_path: Path, redis: str, iotdb: IotdbServer) -> None:
    telemetry = f"iotdb://root:root@127.0.0.1:{iotdb.port}"
    with workers(tmp_path, WORKERS, IOTFLOW_REDIS_URL=redis, IOTFLOW_TELEMETRY=telemetry) as group:
        with group.channel_to(1) as channel:
            device = register(DeviceServiceStub(channel), "kept by all")
        for number in range(1, WORKERS + 1):
            with group.channel_to(number) as channel:
                sent = [batch(number, rows=10, first=number * 10)]
                assert stream(TelemetryServiceStub(channel), device, sent)[-1].committed_sequence == number
        group.kill(2)
        # By its successor, or by another worker that scans earlier.
        assert len(group.log_lines("journal_adopted")) == 1
        assert len(group.log_lines("worker_ready", WORKERS + 1)) == WORKERS + 1
        with group.channel_to(2) as channel:
            kept = read(TelemetryServiceStub(channel), device)["value"]
        assert kept == {T0 + second * 1_000: float(second) for second in range(10, (WORKERS + 1) * 10)}
        assert group.log_lines("store_caught_up")
        assert group.process.terminate() == 0
    assert not list((tmp_path / "journal").glob("*/"))
