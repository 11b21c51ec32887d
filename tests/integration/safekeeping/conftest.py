"""A data folder with a device and readings, and its backup."""

from pathlib import Path

import pytest

from iotflow.channels import credentials
from iotflow.v1 import device_service_pb2, telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.support.processes import PATIENCE
from tests.support.safekeeping import iotflow
from tests.support.server_process import server


@pytest.fixture(scope="session")
def service_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a stopped service."""
    folder = tmp_path_factory.mktemp("service")
    with server(folder) as (process, channel):
        request = device_service_pb2.RegisterDeviceRequest(name="pump")
        key = DeviceServiceStub(channel).RegisterDevice(request, timeout=PATIENCE).device.api_key
        reading = telemetry_service_pb2.SubmitTelemetryRequest()
        reading.data["level"] = 21.5
        TelemetryServiceStub(channel).SubmitTelemetry(reading, metadata=credentials(key), timeout=PATIENCE)
        assert process.terminate() == 0
    return folder


@pytest.fixture(scope="session")
def backup(service_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the service."""
    file = tmp_path_factory.mktemp("backup") / "service.iotflow"
    iotflow("backup", "--data-dir", service_folder, file).succeeded()
    return file
