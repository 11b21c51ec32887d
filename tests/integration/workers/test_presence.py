"""A device that is online at one worker is online at the others before its row is updated."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from iotflow.v1.device_service_pb2 import SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import GetDeviceRequest, ListDevicesRequest
from tests.integration.grpc.conftest import register
from tests.integration.workers.group import workers
from tests.support.admin_stubs import AdminStubs
from tests.support.processes import PATIENCE
from tests.support.redis_server import redis_server


def test_a_device_seen_by_one_worker_is_online_at_the_other(tmp_path: Path) -> None:
    with (
        redis_server() as redis,
        workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis.url) as group,
        group.channel_to(1) as here,
        group.channel_to(2) as there,
    ):
        admin = (("authorization", f"Bearer {(tmp_path / 'admin-token').read_text().strip()}"),)

        def online_there(device_id: int) -> bool:
            answer = AdminStubs(there).fleet.GetDevice(GetDeviceRequest(device_id=device_id), metadata=admin)
            listed = AdminStubs(there).fleet.ListDevices(ListDevicesRequest(), metadata=admin).devices
            return answer.device.is_online and {device.id: device.is_online for device in listed}[device_id]

        def reported_here(name: str) -> int:
            """The id of a device that is online at the other worker."""
            device = register(DeviceServiceStub(here), name)
            DeviceServiceStub(here).SendHeartbeat(SendHeartbeatRequest(), metadata=device.metadata)
            deadline = time.monotonic() + PATIENCE
            while not online_there(device.id):
                assert time.monotonic() < deadline
            return device.id

        def until_one_is_online_without_its_row(name: str) -> None:
            deadline = time.monotonic() + PATIENCE
            while has_last_seen(tmp_path, reported_here(f"{name} {time.monotonic()}")):
                assert time.monotonic() < deadline

        until_one_is_online_without_its_row("reported over Redis")
        redis.kill()
        reported_here("by its row")
        redis.start()
        until_one_is_online_without_its_row("reported again")


def has_last_seen(folder: Path, device_id: int) -> bool:
    """Whether the row has the time when the device was last seen."""
    with closing(sqlite3.connect(folder / "registry.db")) as connection:
        row = connection.execute("SELECT last_seen FROM devices WHERE id = ?", (device_id,)).fetchone()
    return row[0] is not None
