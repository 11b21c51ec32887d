"""Actions of admins over gRPC, and their entries in the audit log."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect
from typing import Any

import grpc
import pytest

from iotflow.v1.audit_pb2 import AuditEntry
from iotflow.v1.audit_service_pb2 import ListAuditEntriesRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import DropMeasurementRequest, RetypeMeasurementRequest
from iotflow.v1.telemetry_service_pb2 import DeleteTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.db import database as waits
from tests.integration.grpc.command_streams import Admin, of_device
from tests.integration.grpc.device import Caller, batch, read, reason, stream
from tests.support.admin_stubs import AdminStubs
from tests.support.transactions import committed_transactions

START = "2020-01-01T00:00:00Z"
Metadata = tuple[tuple[str, str], ...]


@pytest.fixture
def telemetry(grpc_channel: grpc.Channel) -> TelemetryServiceStub:
    return TelemetryServiceStub(grpc_channel)


def newest(admin: AdminStubs, metadata: Metadata, device: Caller) -> AuditEntry:
    request = ListAuditEntriesRequest(target=f"device:{device.id}", page_size=1)
    [entry] = admin.audit.ListAuditEntries(request, metadata=metadata).entries
    return entry


def test_a_command_by_stream_takes_three_transactions(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    with of_device(devices, device) as stream, committed_transactions() as transactions:
        admin_calls.send(device.id, "blink")
        assert stream.answer(stream.next().id, "succeeded").state == "succeeded"
    written = [{" ".join(one.split()[:3]) for one in statements} for statements in transactions]
    sent, delivered, answered = [
        found for found in written if any("commands" in one or "audit" in one for one in found)
    ]
    assert sent == {"INSERT INTO commands", "INSERT INTO audit"}
    assert delivered == answered == {"UPDATE commands SET"}


def acts(admin: AdminStubs, telemetry: TelemetryServiceStub, device: Caller) -> dict[str, Any]:
    """Changes of telemetry, as functions of the metadata."""
    retype = RetypeMeasurementRequest(device_id=device.id, measurement="value", type="TEXT")
    drop = DropMeasurementRequest(device_id=device.id, measurement="value")
    delete = DeleteTelemetryRequest(device_id=device.id, start_time=START, end_time="now")
    return {
        "telemetry.retype_measurement": lambda shown: admin.fleet.RetypeMeasurement(retype, metadata=shown),
        "telemetry.drop_measurement": lambda shown: admin.fleet.DropMeasurement(drop, metadata=shown),
        "telemetry.delete": lambda shown: telemetry.DeleteTelemetry(delete, metadata=shown),
    }


@pytest.mark.parametrize("action", ["telemetry.retype_measurement", "telemetry.drop_measurement", "telemetry.delete"])
def test_a_change_of_telemetry_that_cannot_be_audited_is_not_made(
    admin: AdminStubs,
    admin_metadata: Metadata,
    telemetry: TelemetryServiceStub,
    device: Caller,
    data_dir: Path,
    action: str,
) -> None:
    stream(telemetry, device, [batch(1)])
    before = read(telemetry, device)
    act = acts(admin, telemetry, device)[action]
    with registry_locked(data_dir), pytest.raises(grpc.RpcError) as refused:
        act(admin_metadata)
    assert reason(refused.value) == "REGISTRY_UNAVAILABLE"
    assert read(telemetry, device) == before
    assert newest(admin, admin_metadata, device).action == "device.register"
    act(admin_metadata)
    assert newest(admin, admin_metadata, device).action == action


@contextmanager
def registry_locked(data_dir: Path) -> Iterator[None]:
    """Lock the registry against writes, which wait for a second at most."""
    with (
        closing(connect(data_dir / "registry.db", isolation_level=None)) as other,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(waits, "WRITE_PATIENCE", 1.0)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
