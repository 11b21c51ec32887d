"""Workers with a real IoTDB share the cache of newest values."""

import re
from pathlib import Path

import grpc

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.system_service_pb2 import GetMetricsRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2 import GetLatestTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import batch, stream
from tests.integration.workers.group import workers
from tests.support.processes import PATIENCE
from tools.iotdb_server import IotdbServer


def test_values_acknowledged_by_one_worker_are_visible_at_the_other_at_once(
    tmp_path: Path, redis: str, iotdb: IotdbServer
) -> None:
    telemetry = f"iotdb://root:root@127.0.0.1:{iotdb.port}"
    with (
        workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis, IOTFLOW_TELEMETRY=telemetry) as group,
        group.channel_to(1) as here,
        group.channel_to(2) as there,
    ):
        device = register(DeviceServiceStub(here), "watched")
        for number in range(1, 31):
            stream(TelemetryServiceStub(here), device, [batch(number, rows=1, first=number)])
            request = GetLatestTelemetryRequest(device_id=device.id)
            for _ in range(2):
                answer = TelemetryServiceStub(there).GetLatestTelemetry(request, metadata=device.metadata)
                assert answer.latest_data.fields["value"].number_value == number
        assert figure(there, "iotflow_latest_hits") >= 30


def figure(channel: grpc.Channel, name: str) -> float:
    text = SystemServiceStub(channel).GetMetrics(GetMetricsRequest(), timeout=PATIENCE).data.decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])
