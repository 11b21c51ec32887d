"""The README's examples, run as they stand against the real service."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import IOTFLOW, free_port
from tests.service import Service, iotflow_up

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLE = re.compile(r"```(sh|python)\n(.*?)```(?:\n```json\n(.*?)```)?", re.DOTALL)
MQTT_PORT = free_port()
EXAMPLES = [match.groups() for match in EXAMPLE.finditer(README)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    mqtt = ("--broker", "embedded", "--mqtt-port", str(MQTT_PORT))
    with iotflow_up(tmp_path_factory.mktemp("readme") / "data", None, *mqtt) as running:
        yield running


def here(text: str, service: Service) -> str:
    """The example with this service's ports."""
    places = {
        "localhost:5000": f"localhost:{service.rest_port}",
        "localhost:50051": f"localhost:{service.grpc_port}",
        "localhost -p 1883": f"localhost -p {MQTT_PORT}",
    }
    for place, own in places.items():
        text = text.replace(place, own)
    return text


def shape(value: Any) -> Any:
    """Keys and kinds, without what differs from run to run."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def test_every_example_works_and_answers_as_shown(service: Service) -> None:
    folder = service.data_dir.parent
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/iotflow").symlink_to(IOTFLOW)
    (folder / "tests").symlink_to(ROOT / "tests")
    assert shutil.which("curl"), "the examples need curl"
    scripts = []
    for number, (language, text, _) in enumerate(EXAMPLES):
        command = here(text, service)
        if language == "python":
            (folder / f"{number}.py").write_text(command)
            command = f"{shlex.quote(sys.executable)} {number}.py\n"
        scripts.append(f"{{\n{command}}} > {number}.out\n")
    env = {**os.environ, "IOTFLOW_GRPC_PORT": str(service.grpc_port), "IOTFLOW_DATA_DIR": str(service.data_dir)}
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(scripts)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    for number, (_, text, answer) in enumerate(EXAMPLES):
        output = (folder / f"{number}.out").read_text()
        if answer:
            assert shape(json.loads(output)) == shape(json.loads(answer)), f"{text}\n{output}"
    outputs = [(folder / f"{number}.out").read_text() for number in range(len(EXAMPLES))]
    assert sum("all acknowledged" in output for output in outputs) == 1
    assert sum('"temperature":21.5' in output and output.startswith("data: ") for output in outputs) == 1
    assert sum(output.startswith('"device_id","device_name","timestamp","temp') for output in outputs) == 1


@pytest.mark.parametrize("table", ["settings_table.py", "rest_table.py"])
def test_tables_are_current(table: str) -> None:
    run = subprocess.run([sys.executable, str(ROOT / "tools" / table), "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_layout_names_what_is_there() -> None:
    layout = README.split("## Layout")[1].split("## ")[0]
    folders = re.findall(r"^\| `([^`]+)` ", layout, re.MULTILINE)
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)
