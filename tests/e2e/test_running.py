"""The whole service in the background: up --detach, status, logs, restart and down."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iotflow_cli.running.run_file import read_run
from tests.support.processes import IOTFLOW, free_port, running

LIMIT = 120.0


@dataclass(frozen=True)
class Background:
    """A service in the background."""

    data_dir: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command about the service."""
        command = [IOTFLOW, *arguments, "--data-dir", str(self.data_dir)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended

    def status(self) -> Any:
        """The status of a healthy service."""
        ended = self.run("status", "--json")
        assert ended.returncode == 0, ended.stdout
        return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    background = Background(tmp_path_factory.mktemp("background") / "data")
    ports = ["--rest-port", str(free_port()), "--grpc-port", str(free_port()), "--mqtt-port", str(free_port())]
    started = background.run("up", "--detach", *ports)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert "`iotflow down` stops it" in started.stdout
        yield background
    finally:
        background.run("down")


def test_status_has_the_parts_and_their_health(service: Background) -> None:
    status = service.status()
    assert status["is_ready"]
    assert set(status["parts"]) == {"server", "envoy", "mqtt"}
    assert status["health"]["status"] == "healthy"
    assert {check["name"] for check in status["health"]["checks"]} >= {"database", "telemetry_store"}
    shown = service.run("status").stdout
    assert f"The service runs (process {status['pid']})." in shown
    assert status["addresses"]["REST"] in shown


def test_a_part_is_restarted_without_being_a_failure(service: Background) -> None:
    before = service.status()
    ended = service.run("restart", "envoy", "--json")
    assert ended.returncode == 0, ended.stderr
    after = service.status()
    assert after["pid"] == before["pid"]
    assert after["parts"]["envoy"] == json.loads(ended.stdout)["pid"] != before["parts"]["envoy"]
    assert after["parts"]["server"] == before["parts"]["server"]
    assert "restarting envoy" in service.run("logs", "up").stdout
    assert "failure" not in service.run("logs", "up").stdout
    unknown = service.run("restart", "nothing", "--json")
    assert unknown.returncode == 3
    assert json.loads(unknown.stderr)["error"]["reason"] == "PART_NOT_FOUND"


def test_logs_are_shown_by_part_and_followed(service: Background) -> None:
    [line] = service.run("logs", "server", "-n", "1").stdout.splitlines()
    assert line
    rows = [json.loads(row) for row in service.run("logs", "--json").stdout.splitlines()]
    assert {row["part"] for row in rows} >= {"server", "envoy", "mqtt"}
    with running([IOTFLOW, "logs", "up", "-f", "--data-dir", str(service.data_dir)]) as following:
        following.wait_for_lines(lambda text: "restarting envoy" in text)
        assert service.run("restart", "mqtt").returncode == 0
        following.wait_for_lines(lambda text: "restarting mqtt" in text)
        following.signal(signal.SIGINT)
        assert following.exit_code() == 130


def test_a_second_run_on_the_folder_is_refused(service: Background) -> None:
    second = service.run("up", "--detach", "--json")
    assert second.returncode == 1
    assert "did not start" in json.loads(second.stderr)["error"]["message"]


def test_a_whole_restart_keeps_the_options(service: Background) -> None:
    before = service.status()
    assert service.run("restart", "--json").returncode == 0
    after = service.status()
    assert after["pid"] != before["pid"]
    assert after["addresses"] == before["addresses"]


def test_down_ends_the_service_and_its_files(service: Background) -> None:
    pid = service.status()["pid"]
    assert service.run("down").returncode == 0
    assert not Path(f"/proc/{pid}").exists()
    assert read_run(service.data_dir) is None
    assert service.run("status").returncode == 3
    assert service.run("down").returncode == 0
    assert os.listdir(service.data_dir / "logs")
