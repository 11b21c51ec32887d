"""The server as a process: kills, ports, settings and files."""

import os
import socket
import sys
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from iotflow.v1 import system_service_pb2, telemetry_pb2, telemetry_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, Caller, batch, read, reason, stream
from tests.support.postgres import postgres_server
from tests.support.processes import Running, running, serving_port
from tests.support.server_process import server

ROWS = 20


def numbered(sequence: int) -> telemetry_pb2.TelemetryBatch:
    return batch(sequence, rows=ROWS, first=(sequence - 1) * ROWS)


def test_a_kill_loses_no_acknowledged_reading_and_a_resend_is_harmless(tmp_path: Path) -> None:
    with server(tmp_path) as (process, channel):
        device = register(DeviceServiceStub(channel), "killed")
        acknowledged = stream_until_killed(TelemetryServiceStub(channel), device, process, at=200)
    with server(tmp_path) as (_, channel):
        stub = TelemetryServiceStub(channel)
        kept = read(stub, device)["value"]
        promised = {T0 + second * 1_000: float(second) for second in range(acknowledged * ROWS)}
        assert promised.items() <= kept.items()
        total = acknowledged + 100
        resent = stream(stub, device, [numbered(s) for s in range(max(1, acknowledged - 20), total + 1)])
        assert resent[-1].committed_sequence == total
        whole = {T0 + second * 1_000: float(second) for second in range(total * ROWS)}
        stored = read(stub, device)["value"]
        assert whole.items() <= stored.items()
        assert all(value == (time - T0) / 1_000 for time, value in stored.items())


def stream_until_killed(stub: TelemetryServiceStub, device: Caller, process: Running, at: int) -> int:
    """Stream until this sequence number is acknowledged, and kill the server with SIGKILL; the last acknowledgement."""
    acknowledged = 0
    call = stub.StreamTelemetry(map(numbered, range(1, 100_000)), metadata=device.metadata, timeout=60)
    with pytest.raises(grpc.RpcError):
        for answer in call:
            acknowledged = answer.committed_sequence
            if acknowledged >= at and process.alive:
                os.kill(process.pid, 9)
                process.exit_code()
    assert acknowledged >= at
    return acknowledged


def test_the_error_of_a_port_in_use_names_it(tmp_path: Path) -> None:
    with server(tmp_path) as (first, _):
        port = serving_port(first)
        env = {"IOTFLOW_DATA_DIR": str(tmp_path / "b"), "IOTFLOW_GRPC_PORT": str(port)}
        with running([sys.executable, "-m", "iotflow_server"], env, cwd=tmp_path) as second:
            assert second.exit_code() == 1
            assert f"The server cannot listen on 127.0.0.1:{port}" in second.output
            assert "Traceback" not in second.output


def test_a_data_folder_is_for_one_server(tmp_path: Path) -> None:
    with server(tmp_path) as (first, _):
        env = {"IOTFLOW_DATA_DIR": str(tmp_path), "IOTFLOW_GRPC_PORT": "0"}
        with running([sys.executable, "-m", "iotflow_server"], env, cwd=tmp_path) as second:
            assert second.exit_code() == 1
            owner = f"process {first.pid} on {socket.gethostname()}"
            assert f"The data folder {tmp_path} is in use by another server ({owner})" in second.output
            assert "set IOTFLOW_DATA_DIR to another folder" in second.output
            assert "Traceback" not in second.output
        assert first.alive


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"IOTFLOW_GRPC_PORT": "many"}, "IOTFLOW_GRPC_PORT"),
        ({"IOTFLOW_REGISTRATION": "maybe"}, "IOTFLOW_REGISTRATION"),
        ({"API_KEY_LENGTH": "3"}, "API_KEY_LENGTH"),
        ({"DATABASE_URL": "oracle://x"}, "DATABASE_URL"),
        ({"IOTFLOW_ADMIN_TOKEN": "a"}, "IOTFLOW_ADMIN_TOKEN"),
    ],
)
def test_the_error_of_an_invalid_setting_names_it(tmp_path: Path, env: dict[str, str], message: str) -> None:
    env = {"IOTFLOW_DATA_DIR": str(tmp_path), "IOTFLOW_GRPC_PORT": "0", **env}
    with running([sys.executable, "-m", "iotflow_server"], env, cwd=tmp_path) as process:
        assert process.exit_code() == 1
        assert message in process.output
        assert "Traceback" not in process.output


def test_reflection_names_the_services(tmp_path: Path) -> None:
    with server(tmp_path) as (_, channel):
        names = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert {f"iotflow.v1.{name}Service" for name in ("Device", "Telemetry", "Fleet", "System")} <= names
    assert "grpc.health.v1.Health" in names


def test_the_registry_may_be_postgresql(tmp_path: Path) -> None:
    with postgres_server() as database, server(tmp_path, DATABASE_URL=database.url()) as (_, channel):
        device = register(DeviceServiceStub(channel), "kept in PostgreSQL")
        stub = TelemetryServiceStub(channel)
        assert stream(stub, device, [batch(1)])[-1].committed_sequence == 1
        assert len(read(stub, device)["value"]) == 3
        assert not (tmp_path / "registry.db").exists()
        with database.paused():
            # A call that waits for the registry ends with DEADLINE_EXCEEDED instead.
            with pytest.raises(grpc.RpcError) as caught:
                stub.SubmitTelemetry(
                    telemetry_service_pb2.SubmitTelemetryRequest(), metadata=(("x-api-key", "unknown"),), timeout=15
                )
            assert reason(caught.value) == "REGISTRY_UNAVAILABLE"
            health = SystemServiceStub(channel).GetHealth(
                system_service_pb2.GetHealthRequest(detailed=True), timeout=15
            )
            assert {check.name: check.status for check in health.checks}["database"] == "unhealthy"
        assert read(stub, device)


def test_a_misspelt_setting_is_named(tmp_path: Path) -> None:
    with server(tmp_path, IOTFLOW_RETENTON_DAYS="2") as (process, _):
        assert "IOTFLOW_RETENTON_DAYS" in process.output


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    with server(tmp_path) as (_, _channel):
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert {"admin-token", "key-secret", "registry.db", "telemetry.db"} <= set(modes)
    assert set(modes.values()) == {0}


@pytest.mark.parametrize("name", ["admin-token", "key-secret"])
def test_the_error_of_an_empty_secret_names_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\n")
    env = {"IOTFLOW_DATA_DIR": str(tmp_path), "IOTFLOW_GRPC_PORT": "0"}
    with running([sys.executable, "-m", "iotflow_server"], env, cwd=tmp_path) as process:
        assert process.exit_code() == 1
        assert name in process.output
        assert "Traceback" not in process.output
