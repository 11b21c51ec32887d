"""Each program of examples/ is run unchanged against one service."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import free_port
from tests.support.service import Service, iotflow_up

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHELLS = {".py": sys.executable, ".sh": "sh"}
MQTT_PORT = free_port()
# The output of each, as a pattern for the whole text.
OUTPUTS = {
    "admin_token.sh": r"list devices: 200\nmake a token: 403\nafter revocation: 401\n",
    "batch.sh": r"stored 2\ndrop reading 2 temperature TYPE_CONFLICT\n",
    "columnar_stream.py": r"10000 rows, [1-9]\d* of them without a flow\n",
    "command_loop.py": r"blink succeeded {'blinked': 3}\ndance failed {}\n",
    "config_twin.sh": (
        r'desired: {"interval": 60, "mode": {"eco": true}}\ninterval reported: {"mode": {"eco": true}}\n'
        r"all reported: {}\n"
    ),
    "export_to_pandas.py": r"120 rows, mean 159\.5\n",
    "first_reading.sh": r"device \d+ has 1 reading\n",
    "group_command.sh": r"2 commands for lamp-\S+\n(device \d+ dim succeeded {'brightness': 40}\n){2}",
    "live_readings.py": r"received 21\.5\n",
    "mqtt_device.py": r"stored: True\nrejected: TYPE_CONFLICT\n",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    mqtt = ("--broker", "embedded", "--mqtt-port", str(MQTT_PORT))
    with iotflow_up(tmp_path_factory.mktemp("examples") / "data", None, *mqtt) as running:
        yield running


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_example_has_its_output(name: str, service: Service) -> None:
    places = {
        "IOTFLOW_URL": service.rest,
        "IOTFLOW_GRPC": f"localhost:{service.grpc_port}",
        "IOTFLOW_MQTT": f"localhost:{MQTT_PORT}",
        "IOTFLOW_DATA_DIR": str(service.data_dir),
    }
    command = [SHELLS[Path(name).suffix], str(EXAMPLES / name)]
    run = subprocess.run(command, env={**os.environ, **places}, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(OUTPUTS[name], run.stdout), run.stdout


def test_every_example_is_run_and_listed() -> None:
    programs = {path.name for path in EXAMPLES.iterdir() if path.suffix in SHELLS}
    listed = set(re.findall(r"^\| \[(\S+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert programs == set(OUTPUTS) == listed
