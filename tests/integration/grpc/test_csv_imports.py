"""The import of a CSV file: keys on disk, duplicates by line, and a second run that continues."""

from pathlib import Path
from uuid import uuid4

import pytest

from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_cli.device_import import ImportFailed, ImportProblem, ImportResult
from tests.integration.grpc.conftest import register
from tests.support.device_imports import run_import


@pytest.fixture
def token(grpc_addr: str, data_dir: Path) -> str:
    assert grpc_addr, "the running server creates the file of the token"
    return (data_dir / "admin-token").read_text().strip()


@pytest.fixture
def prefix() -> str:
    """Of the names of a test."""
    return uuid4().hex[:8]


def written(path: Path, names: list[str]) -> Path:
    path.write_text("name,device_type\n" + "".join(f"{name},pump\n" for name in names))
    return path


def keys_in(path: Path) -> dict[str, tuple[int, str]]:
    rows = [line.split(",") for line in path.read_text().splitlines()[2:]]
    return {name: (int(device_id), key) for name, device_id, key in rows}


def test_every_device_has_a_working_key(
    tmp_path: Path, grpc_addr: str, token: str, devices: DeviceServiceStub, prefix: str
) -> None:
    names = [f"{prefix} {number}" for number in range(2_500)]
    seen: list[tuple[int, int]] = []
    result = run_import(
        written(tmp_path / "a.csv", names), tmp_path / "keys", grpc_addr, token, lambda *done: seen.append(done)
    )
    assert (result.registered, result.skipped, result.rejected) == (2_500, 0, [])
    assert seen == [(0, 2_500), (1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    keys = keys_in(tmp_path / "keys")
    assert list(keys) == names
    for name in names[::500]:
        metadata = (("x-api-key", keys[name][1]),)
        device = devices.GetDeviceStatus(GetDeviceStatusRequest(), metadata=metadata).device
        assert (device.id, device.name, device.device_type) == (keys[name][0], name, "pump")


def test_duplicates_and_invalid_devices_are_reported_by_line(
    tmp_path: Path, grpc_addr: str, token: str, devices: DeviceServiceStub, prefix: str
) -> None:
    taken = register(devices, f"{prefix} taken")
    file = written(tmp_path / "a.csv", [f"{prefix} 1", f"{prefix} taken", "x" * 101, f"{prefix} 2"])
    result = run_import(file, tmp_path / "keys", grpc_addr, token)
    assert result.registered == 2
    assert [(row.line, row.name, row.reason, row.device_id) for row in result.rejected] == [
        (3, f"{prefix} taken", "NAME_TAKEN", taken.id),
        (4, "x" * 101, "INVALID_ARGUMENT", 0),
    ]


def test_a_second_run_skips_what_has_keys(tmp_path: Path, grpc_addr: str, token: str, prefix: str) -> None:
    names = [f"{prefix} {number}" for number in range(30)]
    first = run_import(written(tmp_path / "a.csv", names[:20]), tmp_path / "keys", grpc_addr, token)
    before = (tmp_path / "keys").read_bytes()
    second = run_import(written(tmp_path / "a.csv", names), tmp_path / "keys", grpc_addr, token)
    assert second == ImportResult(first.import_id, registered=10, skipped=20)
    assert (tmp_path / "keys").read_bytes().startswith(before)
    assert list(keys_in(tmp_path / "keys")) == names


def test_keys_that_were_not_written_are_made_anew(tmp_path: Path, grpc_addr: str, token: str, prefix: str) -> None:
    """As after a crash between the registration and the write of its keys."""
    names = [f"{prefix} {number}" for number in range(20)]
    file, keys = written(tmp_path / "a.csv", names), tmp_path / "keys"
    run_import(file, keys, grpc_addr, token)
    lines = keys.read_text().splitlines(keepends=True)
    whole = keys_in(keys)
    keys.write_text("".join(lines[:12]))
    result = run_import(file, keys, grpc_addr, token)
    assert (result.registered, result.skipped) == (10, 10)
    again = keys_in(keys)
    assert {name: device_id for name, (device_id, _) in again.items()} == {
        name: device_id for name, (device_id, _) in whole.items()
    }
    assert [again[name] == whole[name] for name in names] == [True] * 10 + [False] * 10


def test_an_invalid_file_is_refused_before_anything_is_sent(
    tmp_path: Path, grpc_addr: str, token: str, prefix: str
) -> None:
    file = written(tmp_path / "a.csv", [f"{prefix} 1", f"{prefix} 1"])
    with pytest.raises(ImportProblem):
        run_import(file, tmp_path / "keys", grpc_addr, token)
    assert not (tmp_path / "keys").exists()
    file = written(tmp_path / "a.csv", [f"{prefix} 1"])
    assert run_import(file, tmp_path / "keys", grpc_addr, token).registered == 1


def test_a_wrong_token_fails_at_once(tmp_path: Path, grpc_addr: str, prefix: str) -> None:
    file = written(tmp_path / "a.csv", [prefix])
    with pytest.raises(ImportFailed) as raised:
        run_import(file, tmp_path / "keys", grpc_addr, "wrong")
    assert raised.value.result.registered == 0
