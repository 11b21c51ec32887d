"""Programs that start in a folder with files named like imported packages."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.processes import IOTFLOW, PATIENCE, free_port, running, serving_port
from tests.support.redis_server import redis_server
from tests.support.service import iotflow_up

PACKAGES = (
    "grpc",
    "google",
    "iotdb",
    "numpy",
    "orjson",
    "paho",
    "pydantic",
    "redis",
    "sqlalchemy",
    "structlog",
)
STANDARD = ("asyncio", "json", "socket", "sqlite3", "typing")


def shadowed(folder: Path, names: Sequence[str]) -> Path:
    """A folder of modules and packages with these names, each of which ends the importing program."""
    for name in names:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the working folder')")
    (folder / "tests").mkdir()
    (folder / "tests" / "__init__.py").write_text("raise SystemExit('tests of the working folder')")
    return folder


def test_the_server_does_not_import_from_its_working_folder(tmp_path: Path) -> None:
    env = {"IOTFLOW_DATA_DIR": "data", "IOTFLOW_GRPC_PORT": "0"}
    with (
        running([sys.executable, "-m", "iotflow_server"], env, shadowed(tmp_path, PACKAGES)) as server,
        grpc.insecure_channel(f"127.0.0.1:{serving_port(server)}") as channel,
    ):
        health: Any = health_pb2_grpc.HealthStub(channel)
        health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=PATIENCE)
        assert server.terminate() == 0, server.output


def test_no_process_of_the_service_imports_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shadowed(tmp_path, [*PACKAGES, *STANDARD]))
    options = ["--broker", "embedded", "--mqtt-port", str(free_port()), "--workers", "2"]
    with redis_server() as redis, iotflow_up(tmp_path / "data", {"IOTFLOW_REDIS_URL": redis.url}, *options) as service:
        assert service.process.terminate() == 0, service.process.output


def test_a_replay_does_not_import_from_its_working_folder(tmp_path: Path) -> None:
    with running([IOTFLOW, "replay", "--help"], cwd=shadowed(tmp_path, [*PACKAGES, *STANDARD])) as replay:
        assert replay.exit_code() == 0, replay.output


def test_the_adapter_does_not_import_from_its_working_folder(tmp_path: Path) -> None:
    with running([sys.executable, "-m", "iotflow_gateway"], cwd=shadowed(tmp_path, PACKAGES)) as adapter:
        # It has no token here and reports that, after all imports.
        adapter.exit_code()
        assert "of the working folder" not in adapter.output
