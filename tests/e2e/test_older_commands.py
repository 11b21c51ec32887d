"""The command lines of the older service, as they were written, by the scripts of the checkout."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from iotflow.channels import credentials
from iotflow.v1.fleet_service_pb2 import ListDevicesRequest
from iotflow_cli.older_commands.scripts import scripts
from iotflow_simulators.ledger.reader import Ledger
from tests.support.admin_stubs import AdminStubs
from tests.support.command_tree import leaves
from tests.support.processes import IOTFLOW, free_port, running
from tests.support.service import Service, iotflow_up

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 120.0
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Scripts:
    """Runs scripts in a folder, for the service of a data folder."""

    folder: Path
    env: Mapping[str, str]

    def command(self, line: str) -> list[str]:
        """The program and its arguments. Scripts of Python run with any Python, as with `python manage.py`."""
        script, *arguments = shlex.split(line)
        python = [sys.executable] if script.endswith(".py") else []
        return [*python, str(ROOT / script), *arguments]

    def run(self, line: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        """Run a script to its end, which must have this exit code."""
        ended = subprocess.run(
            self.command(line),
            cwd=self.folder,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    def rows(self, line: str) -> list[Any]:
        """The objects that a script writes."""
        return [json.loads(row) for row in self.run(f"{line} --json").stdout.splitlines()]

    def iotflow(self, line: str) -> list[Any]:
        """The objects that a command of `iotflow` writes."""
        command = [IOTFLOW, *shlex.split(line), "--json"]
        env = {**os.environ, **self.env}
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT, check=True)
        return [json.loads(row) for row in ended.stdout.splitlines()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with MQTT."""
    port = ("--broker", "embedded", "--mqtt-port", str(free_port()))
    with iotflow_up(tmp_path_factory.mktemp("older") / "data", None, *port) as running_service:
        yield running_service


@pytest.fixture(scope="module")
def here(service: Service) -> Scripts:
    folder = service.data_dir.parent
    return Scripts(folder, {"IOTFLOW_DATA_DIR": str(service.data_dir), "XDG_CONFIG_HOME": str(folder / "config")})


def device_types(service: Service) -> dict[str, str]:
    """The types of all devices of the service, by name."""
    types: dict[str, str] = {}
    request = ListDevicesRequest(page_size=1_000)
    with grpc.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel:
        while True:
            page = AdminStubs(channel).fleet.ListDevices(request, metadata=credentials(token=service.admin_token))
            types |= {device.name: device.device_type for device in page.devices}
            if not page.next_page_token:
                return types
            request.page_token = page.next_page_token


# Command line, exit code, and a part of the output.
COMMANDS = [
    ("manage.py init-db", 0, "The registry in"),
    ('manage.py create-device "My Device"', 0, "My Device"),
    ("manage.py migrate", 0, "as before"),
    ("manage.py create-admin", 0, "admin"),
    ("manage.py shell -c 'print(type(client).__name__)'", 0, "Client"),
    ("manage.py test --help", 0, "--coverage"),
    ("docker-manage.sh start-all", 0, "The service runs (process"),
    ("docker-manage.sh init-app", 0, "The registry in"),
    ("docker-manage.sh status", 0, "healthy"),
    ("docker-manage.sh logs", 0, "server | "),
    ("docker-manage.sh logs mqtt", 0, ""),
    ("docker-manage.sh backup", 0, "with every reading acknowledged before"),
    ("docker-manage.sh restore nothing.iotflow", 2, "does not exist"),
    ("docker-manage.sh reset", 2, "add --yes"),
    ("docker-manage.sh redis", 2, "No Redis is used"),
    ("docker-manage.sh iotdb", 2, "not in IoTDB"),
    ("docker-manage.sh test --help", 0, "--coverage"),
    ("simulators/simulate.py --interactive", 0, "`help` lists the commands"),
    ("simulators/fleet_simulator.py --preset office --cameras 2", 2, "go with --preset custom"),
    ("simulators/basic_device_simulator.py --name 'sensor {n}'", 2, "must not have a brace"),
    ("simulators/fleet_simulator.py --preset custom", 2, "needs at least one"),
]
# Command line, and the number of devices of each type that it runs.
SIMULATORS: list[tuple[str, dict[str, int]]] = [
    ('simulators/basic_device_simulator.py --name "MyTestSensor" --telemetry-interval 1', {"basic": 1}),
    ("simulators/device_types.py --device-type temperature", {"temperature": 1}),
    ("simulators/device_types.py --device-type door_lock", {"door_lock": 1}),
    ("simulators/device_types.py --device-type camera", {"camera": 1}),
    ("simulators/device_types.py --device-type air_quality", {"air_quality": 1}),
    ("simulators/device_types.py --device-type thermostat", {"thermostat": 1}),
    (
        "simulators/device_types.py --device-type all",
        {"temperature": 1, "door_lock": 1, "camera": 1, "air_quality": 1, "thermostat": 1},
    ),
    (
        "simulators/fleet_simulator.py --preset home --telemetry-interval 1",
        {"temperature": 3, "door_lock": 2, "camera": 2, "air_quality": 1, "thermostat": 1},
    ),
    (
        "simulators/fleet_simulator.py --preset office",
        {"temperature": 5, "door_lock": 3, "camera": 4, "air_quality": 2, "thermostat": 2},
    ),
    (
        "simulators/fleet_simulator.py --preset factory",
        {"temperature": 10, "door_lock": 5, "camera": 8, "air_quality": 4, "thermostat": 3},
    ),
    (
        "simulators/fleet_simulator.py --preset custom --temperature-sensors 5 --cameras 3 --door-locks 2 "
        "--air-quality 1 --thermostats 1",
        {"temperature": 5, "camera": 3, "door_lock": 2, "air_quality": 1, "thermostat": 1},
    ),
    (
        "simulators/fleet_simulator.py --preset test_suite",
        {
            "basic": 10,
            "temperature": 4,
            "door_lock": 2,
            "camera": 2,
            "air_quality": 2,
            "thermostat": 2,
            "gps": 4,
            "energy": 4,
        },
    ),
    ("simulators/fleet_simulator.py --preset stress_test", {"temperature": 600, "energy": 300, "gps": 100}),
    ("simulators/mqtt_device_simulator.py --device-id 999", {"basic": 1}),
    ("simulators/mqtt_fleet_simulator.py --device-count 10", {"basic": 10}),
    ("test/performance_test.py --devices 100", {"basic": 100}),
]


@pytest.mark.parametrize(("line", "code", "text"), COMMANDS, ids=[line for line, *_ in COMMANDS])
def test_a_command_works_as_it_was_written(here: Scripts, line: str, code: int, text: str) -> None:
    ended = here.run(line, code)
    assert text in ended.stdout + ended.stderr


@pytest.mark.parametrize(("line", "devices"), SIMULATORS, ids=[line for line, _ in SIMULATORS])
def test_a_simulator_works_as_it_was_written(
    here: Scripts, service: Service, line: str, devices: dict[str, int]
) -> None:
    ended = here.run(f"{line} --duration 2 --telemetry-interval 1 --json")
    doors = [json.loads(row) for row in ended.stdout.splitlines()]
    assert all(door["acknowledged"] > 0 for door in doors)
    assert all(door["refused"] == 0 for door in doors) or "test_suite" in line
    [ledger] = [note["ledger"] for note in map(json.loads, ended.stderr.splitlines()) if "ledger" in note]
    types = device_types(service)
    assert Counter(types[device.name] for device in Ledger(here.folder / ledger).devices) == devices


def test_names_of_single_devices(here: Scripts, service: Service) -> None:
    """A name of digits only would be taken for an id."""
    here.run("simulators/mqtt_device_simulator.py --device-id 7 --duration 1 --telemetry-interval 1")
    here.run("simulators/basic_device_simulator.py --name 'My \"own\" sensor' --duration 1 --telemetry-interval 1")
    assert {"device-7", 'My "own" sensor'} <= device_types(service).keys()


def test_the_tables_have_every_command() -> None:
    lines = [*(line for line, *_ in COMMANDS), *(line for line, _ in SIMULATORS)]
    tested = {line.rpartition("/")[2] if ".py" in line else line for line in lines}
    untested = {leaf for leaf in leaves(scripts) if not any(f"{line} ".startswith(f"{leaf} ") for line in tested)}
    assert untested == {"manage.py run", "docker-manage.sh run", "docker-manage.sh restart"}


def test_the_life_of_a_service(tmp_path: Path) -> None:
    """start-all, run, restart, backup, restore and reset of one service in the background."""
    env = {"IOTFLOW_DATA_DIR": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    here = Scripts(tmp_path, env)
    ports = f"--rest-port {free_port()} --grpc-port {free_port()} --broker none"
    here.run(f"docker-manage.sh start-all {ports}")
    try:
        [before] = here.rows("docker-manage.sh status")
        with running(here.command("docker-manage.sh run"), env, tmp_path) as following:
            following.wait_for_line(f"iotflow: The service runs already (process {before['pid']}).")
            following.wait_for_lines(lambda line: line.startswith("server | "))
            following.signal(signal.SIGINT)
            assert following.exit_code() == 130
        here.run("manage.py create-device kept")
        here.run("docker-manage.sh backup kept.iotflow")
        here.run("manage.py create-device lost")
        here.run("docker-manage.sh restore kept.iotflow", 2)
        (tmp_path / "foreign").write_text("no backup")
        here.run("docker-manage.sh restore foreign --yes", 1)
        assert here.rows("docker-manage.sh status")[0]["pid"] == before["pid"]
        here.run("docker-manage.sh restore kept.iotflow --yes")
        [after] = here.rows("docker-manage.sh status")
        assert (after["addresses"], after["pid"] == before["pid"]) == (before["addresses"], False)
        assert [device["name"] for device in here.iotflow("devices list")] == ["kept"]
        here.run("docker-manage.sh restart")
        assert [device["name"] for device in here.iotflow("devices list")] == ["kept"]
        here.run("docker-manage.sh reset --yes")
        here.run("docker-manage.sh status", 3)
        here.run("docker-manage.sh reset --yes")
        here.run("docker-manage.sh restore kept.iotflow")
    finally:
        subprocess.run([IOTFLOW, "down", "--data-dir", str(tmp_path / "data")], check=True, capture_output=True)
    run = here.command(f"manage.py run {ports}")
    with running(run, env, tmp_path) as service:
        service.wait_for_line("ready")
        assert [device["name"] for device in here.iotflow("devices list")] == ["kept"]
        assert service.terminate() == 0
