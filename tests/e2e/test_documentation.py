"""The examples of the README and of docs/ are run unchanged against the real service."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iotflow_cli.command_line.root import root
from iotflow_cli.output.exit_codes import ExitCode
from tests.support.command_tree import leaves
from tests.support.processes import IOTFLOW, free_port
from tests.support.service import Service, iotflow_up

ROOT = Path(__file__).resolve().parents[2]
# Run in this order in one shell: later pages use the device of the first, and the last one replaces its key.
PAGES = (
    "README.md",
    "docs/api.md",
    "docs/mqtt.md",
    "docs/recordings.md",
    "docs/simulators.md",
    "docs/operations.md",
    "docs/cli.md",
    "docs/security.md",
)
# Blocks marked `console` are not run.
EXAMPLE = re.compile(r"```(sh|python)\n(.*?)```(?:\n```(json|csv|text)\n(.*?)```)?", re.DOTALL)
MQTT_PORT = free_port()
# The page of the command alone starts forty programs.
EXAMPLES_SECONDS = 280
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Example:
    """A block of commands, and the output that the page shows below it, if any. form: json, csv or text."""

    page: str
    language: str
    text: str
    answer: str
    form: str

    def __str__(self) -> str:
        return f"{self.page}:\n{self.text}"


EXAMPLES = [
    Example(page, match[1], match[2], match[4] or "", match[3] or "")
    for page in PAGES
    for match in EXAMPLE.finditer((ROOT / page).read_text())
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    mqtt = ("--broker", "embedded", "--mqtt-port", str(MQTT_PORT))
    with iotflow_up(tmp_path_factory.mktemp("docs") / "data", None, *mqtt) as running:
        yield running


@pytest.fixture(scope="module")
def outputs(service: Service) -> list[str]:
    """The output of each example."""
    folder = service.data_dir.parent
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/iotflow").symlink_to(IOTFLOW)
    (folder / "tests").symlink_to(ROOT / "tests")
    assert shutil.which("curl"), "the examples require curl"
    places = {
        "IOTFLOW_GRPC_PORT": str(service.grpc_port),
        "IOTFLOW_DATA_DIR": str(service.data_dir),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(folder, service)],
        cwd=folder,
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=EXAMPLES_SECONDS,
    )
    assert run.returncode == 0, run.stderr
    return [(folder / f"{number}.out").read_text() for number in range(len(EXAMPLES))]


def script(folder: Path, service: Service) -> str:
    """All examples, the output of each in a file of its own."""
    blocks = []
    for number, example in enumerate(EXAMPLES):
        command = here(example.text, service)
        if example.language == "python":
            (folder / f"{number}.py").write_text(command)
            command = f"{shlex.quote(sys.executable)} {number}.py\n"
        blocks.append(f"{{\n{command}}} > {number}.out\n")
    return "".join(blocks)


def here(text: str, service: Service) -> str:
    """The example with the ports of this service."""
    places = {
        "localhost:5000": f"localhost:{service.rest_port}",
        "localhost:50051": f"localhost:{service.grpc_port}",
        "localhost -p 1883": f"localhost -p {MQTT_PORT}",
    }
    for place, own in places.items():
        text = text.replace(place, own)
    return text


def shape(value: Any) -> Any:
    """Keys and types, without values that differ between runs."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def test_every_page_has_examples() -> None:
    assert {example.page for example in EXAMPLES} == set(PAGES)


def test_output_is_as_documented(outputs: list[str]) -> None:
    for example, output in zip(EXAMPLES, outputs, strict=True):
        if example.form == "json":
            assert shape(json.loads(output)) == shape(json.loads(example.answer)), f"{example}\n{output}"
        elif example.answer:
            assert output.splitlines()[0] == example.answer.splitlines()[0], f"{example}\n{output}"


def test_the_page_of_the_command_has_every_command_and_every_exit_code() -> None:
    page = (ROOT / "docs/cli.md").read_text()
    assert [leaf for leaf in leaves(root) if f"iotflow {leaf}" not in page] == []
    codes = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert codes == [str(int(code)) for code in ExitCode]


def test_streams_have_the_stored_readings(outputs: list[str]) -> None:
    assert sum("all acknowledged" in output for output in outputs) == 1
    assert sum('"temperature":21.5' in output and output.startswith("data: ") for output in outputs) == 1


def test_the_table_of_rest_paths_is_current() -> None:
    table = str(ROOT / "tools" / "rest_table.py")
    run = subprocess.run([sys.executable, table, "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
