"""A server is killed during imports, and each is continued: no device is lost, doubled or without a key."""

import signal
from pathlib import Path
from threading import Thread
from uuid import uuid4

import grpc
import pytest

from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import ImportDevicesResponse, ListDevicesRequest
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from tests.integration.grpc.import_streams import Metadata, importing
from tests.support.device_imports import run_import
from tests.support.processes import free_port
from tests.support.server_process import server

BATCHES, SIZE, ANSWERED = 40, 250, 12


def names(batch: int) -> list[str]:
    return [f"device {batch} {number}" for number in range(SIZE)]


def admin(folder: Path) -> Metadata:
    return (("authorization", f"Bearer {(folder / 'admin-token').read_text().strip()}"),)


def listed(channel: grpc.Channel, metadata: Metadata) -> dict[str, int]:
    """The ids of all devices by name; a name twice fails."""
    stub, token, found = FleetServiceStub(channel), "", list[tuple[str, int]]()
    while True:
        page = stub.ListDevices(ListDevicesRequest(page_size=1_000, page_token=token), metadata=metadata)
        found += [(device.name, device.id) for device in page.devices]
        if not (token := page.next_page_token):
            assert len(dict(found)) == len(found) == page.total_devices
            return dict(found)


def check_keys(channel: grpc.Channel, keys: dict[str, tuple[int, str]]) -> None:
    """Every device is used with its key."""
    devices = DeviceServiceStub(channel)
    calls = [
        (device_id, devices.GetDeviceStatus.future(GetDeviceStatusRequest(), metadata=(("x-api-key", key),)))
        for device_id, key in keys.values()
    ]
    for device_id, call in calls:
        assert call.result().device.id == device_id


def test_no_device_is_lost_doubled_or_without_a_key(tmp_path: Path) -> None:
    import_id, keys = str(uuid4()), dict[str, tuple[int, str]]()

    def record(batch: int, answer: ImportDevicesResponse) -> None:
        assert not answer.rejected
        for one in answer.imported:
            keys[names(batch)[one.index]] = (one.device_id, one.api_key)

    with (
        server(tmp_path) as (process, channel),
        importing(FleetServiceStub(channel), admin(tmp_path), import_id) as stream,
    ):
        for batch in range(BATCHES):
            stream.put_names(names(batch))
        for batch in range(ANSWERED):
            record(batch, stream.next())
        process.signal(signal.SIGKILL)
        with pytest.raises(grpc.RpcError):
            for batch in range(ANSWERED, BATCHES):
                record(batch, stream.next())
    done = len(keys) // SIZE
    with (
        server(tmp_path) as (_, channel),
        importing(FleetServiceStub(channel), admin(tmp_path), import_id) as stream,
    ):
        stored = listed(channel, admin(tmp_path))
        assert {name: device_id for name, (device_id, _) in keys.items()}.items() <= stored.items()
        for batch in range(done, BATCHES):
            stream.put_names(names(batch))
        for batch, answer in enumerate(stream.end(), done):
            record(batch, answer)
        stored = listed(channel, admin(tmp_path))
        assert stored == {name: device_id for name, (device_id, _) in keys.items()}
        assert len(stored) == BATCHES * SIZE
        check_keys(channel, dict(list(keys.items())[::25]))


def test_the_command_continues_over_the_kill_of_the_server(tmp_path: Path) -> None:
    """The client waits for the server, and repeats what has no answer."""
    file, keys = tmp_path / "devices.csv", tmp_path / "keys.csv"
    count = BATCHES * SIZE
    file.write_text("name,device_type\n" + "".join(f"d{number},probe\n" for number in range(count)))
    data, port, results = tmp_path / "data", str(free_port()), []
    data.mkdir()
    with server(data, IOTFLOW_GRPC_PORT=port) as (process, _):
        token = (data / "admin-token").read_text().strip()

        def progress(done: int, _total: int) -> None:
            if 0 < done < count and process.alive:
                process.signal(signal.SIGKILL)

        thread = Thread(
            target=lambda: results.append(run_import(file, keys, f"127.0.0.1:{port}", token, progress)), daemon=True
        )
        thread.start()
        assert process.exit_code() == -signal.SIGKILL
    with server(data, IOTFLOW_GRPC_PORT=port) as (_, channel):
        thread.join(60)
        [result] = results
        assert (result.registered, result.skipped, result.rejected) == (count, 0, [])
        rows = [line.split(",") for line in keys.read_text().splitlines()[2:]]
        written = {name: (int(device_id), key) for name, device_id, key in rows}
        assert listed(channel, admin(data)) == {name: device_id for name, (device_id, _) in written.items()}
        assert len(written) == len(rows) == count
        check_keys(channel, dict(list(written.items())[::25]))
