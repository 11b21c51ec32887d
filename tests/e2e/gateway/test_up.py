"""The command `iotflow up`."""

import contextlib
import os
import re
import signal
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from tests.support.processes import IOTFLOW, Running, free_port, running


@contextlib.contextmanager
def up(data_dir: Path, rest_port: int, grpc_port: int, mqtt_port: int | None = None, **env: str) -> Iterator[Running]:
    """The started command."""
    ports = ["--rest-port", str(rest_port), "--grpc-port", str(grpc_port)]
    mqtt = ["--mqtt-port", str(mqtt_port or free_port())]
    with running([IOTFLOW, "up", "--data-dir", str(data_dir), *ports, *mqtt], env) as process:
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    rest_port = free_port()
    with up(tmp_path / "data", rest_port, free_port()) as service:
        service.wait_for_line("ready")
        token = (tmp_path / "data" / "admin-token").read_text().strip()
        service.wait_for_line(f"admin token  {token}")
        program = service.wait_for_line("commands ").split()[1]
        with running([program, "--version"]) as command:
            assert command.exit_code() == 0
        assert httpx.get(f"http://127.0.0.1:{rest_port}/health", trust_env=False).json()["status"] == "healthy"
        service.signal(number)
        assert service.exit_code() == 0, service.output
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", rest_port))


def test_a_data_folder_is_for_one_run(tmp_path: Path) -> None:
    with up(tmp_path, free_port(), free_port()) as first:
        first.wait_for_line("ready")
        with up(tmp_path, free_port(), free_port()) as second:
            assert second.exit_code() == 1
            assert second.lines == [
                f"iotflow: The data folder {tmp_path} is in use by another `iotflow up` "
                f"(process {first.pid} on {socket.gethostname()}). Stop it, or choose another folder with --data-dir."
            ]


def test_a_server_that_cannot_start_ends_everything_with_its_error(tmp_path: Path) -> None:
    nowhere = "sqlite:////proc/nowhere/registry.db"
    with up(tmp_path / "data", free_port(), free_port(), IOTFLOW_DATABASE_URL=nowhere) as service:
        assert service.exit_code() == 1
        assert service.lines[-1] == "all processes stopped; fix the error above and start again"
        assert "Traceback" not in service.output


def test_ports_in_use_are_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for ports, option in (((port, free_port()), "--rest-port"), ((free_port(), port), "--grpc-port")):
            with up(tmp_path, *ports) as service:
                assert service.exit_code() == 1
                [line] = service.lines
                assert line.startswith(f"iotflow: Port {port} on 127.0.0.1 is taken")
                assert option in line


@pytest.mark.parametrize(
    ("shared", "first", "second", "option"),
    [
        (("rest", "grpc"), "REST", "gRPC", "--grpc-port"),
        (("rest", "mqtt"), "REST", "MQTT", "--mqtt-port"),
        (("grpc", "mqtt"), "gRPC", "MQTT", "--mqtt-port"),
    ],
)
def test_one_port_for_two_servers_is_rejected(
    tmp_path: Path, shared: tuple[str, str], first: str, second: str, option: str
) -> None:
    port = free_port()
    ports = {name: port if name in shared else free_port() for name in ("rest", "grpc", "mqtt")}
    with up(tmp_path, ports["rest"], ports["grpc"], ports["mqtt"]) as service:
        assert service.exit_code() == 1
        assert service.lines == [
            f"iotflow: {first} and {second} cannot both have port {port}: choose another with {option}."
        ]


def test_a_local_broker_on_the_port_of_rest_is_rejected(tmp_path: Path) -> None:
    port = free_port()
    command = [IOTFLOW, "up", "--data-dir", str(tmp_path), "--rest-port", str(port)]
    with running([*command, "--broker", f"mqtt://localhost:{port}"]) as service:
        assert service.exit_code() == 1
        assert service.lines == [
            f"iotflow: MQTT and REST cannot both have port {port}: choose another with --rest-port."
        ]


def test_version() -> None:
    with running([IOTFLOW, "--version"]) as process:
        assert process.exit_code() == 0
        assert process.lines == [f"iotflow {version('iotflow-server')}"]


@pytest.mark.parametrize("command", ["up", "replay"])
def test_help_has_the_default_of_every_option(command: str) -> None:
    env = {name: "" for name in os.environ if name.startswith("IOTFLOW_")} | {"COLUMNS": "200"}
    with running([IOTFLOW, command, "--help"], env) as process:
        assert process.exit_code() == 0
        _, _, options = process.output.partition("Options:\n")
    described = [" ".join(option.split()) for option in re.split(r"\n  (?=-)", "\n" + options)[1:]]
    assert len(described) > 3
    for option in described:
        assert option.startswith(("-h", "--device", "--json")) or "[default: " in option, option
