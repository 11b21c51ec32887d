"""`iotflow simulate` with what it shows, at one real service."""

import json
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.processes import IOTFLOW, Running, free_port, on_terminal, running
from tests.support.service import iotflow_up

SCENARIO = """
name: rooms
duration: 1h
fleets:
  - {name: room, model: temperature, devices: 3, interval: 200ms, door: {grpc: 0.4, rest: 0.6}}
faults:
  - {kind: spikes, fleet: room, parameters: {probability: 0.5}}
"""
# A step takes its length, and some seconds until the rate has changed and its last readings are answered.
LONG = 60.0
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Place:
    """A folder with a scenario, and the environment of its commands."""

    folder: Path
    env: dict[str, str]

    def simulate(self, *options: str) -> list[str]:
        """The command line of a simulation. Its ledger is of this test only."""
        ledger = self.folder / f"{len(list(self.folder.glob('*.ledger')))}.ledger"
        return [IOTFLOW, "simulate", "rooms.yaml", "--ledger", str(ledger), *options]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("simulate")
    (folder / "rooms.yaml").write_text(SCENARIO)
    env = {"IOTFLOW_DATA_DIR": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    with iotflow_up(folder / "data"):
        yield Place(folder, env)


def objects(run: Running) -> list[dict[str, object]]:
    """The objects of --json, notes and results."""
    return [json.loads(line) for line in run.lines]


def test_a_limit_is_searched_until_ctrl_c(place: Place) -> None:
    options = ("--find-limit", "--duration", "5s", "--limit-p99", "60000", "--limit-loss", "100", "--json")
    with running(place.simulate(*options), place.env, place.folder) as run:
        run.wait_for_lines(lambda line: '"result": "held"' in line, 2, LONG)
        run.signal(signal.SIGINT)
        assert run.exit_code(LONG) == 0
        steps = [each for each in objects(run) if "rate" in each and "note" not in each]
        assert [step["rate"] for step in steps][:2] == [1.0, 2.0]
        assert [step["due_per_second"] for step in steps][:2] == pytest.approx([15, 30], abs=2)
        assert "no higher rate" in str(objects(run)[-2]["note"])


def test_a_run_ends_at_ctrl_c_with_its_own_share(place: Place) -> None:
    with running(place.simulate(), place.env, place.folder) as run:
        run.wait_for_lines(lambda line: re.search(r"[1-9]\d* acknowledged", line) is not None, within=LONG)
        run.signal(signal.SIGINT)
        assert run.exit_code(LONG) == 0
        [own] = run.wait_for_lines(lambda line: "the simulator:" in line)
        assert re.fullmatch(r"iotflow: the simulator: lag p99 \d+ ms, own processor \d+ %", own)


def test_metrics_of_a_running_simulation(place: Place) -> None:
    port = free_port()
    with running(place.simulate("--metrics-port", str(port)), place.env, place.folder) as run:
        run.wait_for_lines(lambda line: re.search(r"[1-9]\d* acknowledged", line) is not None, within=LONG)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG) as answer:
            text = answer.read().decode()
        run.signal(signal.SIGINT)
        assert run.exit_code(LONG) == 0
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values['iotflow_simulator_readings_acknowledged_total{door="rest"}']) > 0
    assert float(values['iotflow_simulator_devices{state="online"}']) == 3
    assert float(values["process_cpu_seconds_total"]) > 0


def test_a_metrics_port_in_use_is_named_before_anything_is_sent(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = place.simulate("--metrics-port", str(port))
        with running(command, place.env, place.folder) as run:
            assert run.exit_code(LONG) == 1
            assert run.lines == [f"iotflow: Metrics cannot be served on port {port}: Address already in use."]
    assert not Path(command[command.index("--ledger") + 1]).exists()


def test_a_report_of_a_run_with_faults(place: Place) -> None:
    report = place.folder / "report.html"
    options = ("--duration", "4s", "--report", str(report))
    with running(place.simulate(*options), place.env, place.folder) as run:
        assert run.exit_code(LONG) == 0
        run.wait_for_line(f"iotflow: {report} has the charts")
    tree = ElementTree.fromstring(report.read_text().removeprefix("<!DOCTYPE html>"))  # noqa: S314
    assert [svg.get("aria-label") for svg in tree.iter("svg")][:4] == [
        "Rates",
        "Latency from due to acknowledged",
        "Fates",
        "Faults",
    ]
    cells = ["".join(cell.itertext()) for cell in tree.iter("td")]
    assert "spikes" in cells
    assert int(cells[cells.index("grpc") + 1]) > 0


def test_a_report_that_cannot_be_written_is_known_before_anything_is_sent(place: Place) -> None:
    with running(place.simulate("--report", "nowhere/report.html"), place.env, place.folder) as run:
        assert run.exit_code(LONG) == 1
        assert run.lines == ["iotflow: nowhere/report.html: No such file or directory"]


def test_a_terminal_shows_a_live_view_in_place_of_lines(place: Place) -> None:
    with on_terminal(place.simulate(), {**place.env, "COLUMNS": "80", "LINES": "24"}, place.folder) as run:
        run.wait_for_lines(lambda line: "devices: 3 online" in line, within=LONG)
        run.wait_for_lines(lambda line: "+++" in line, within=LONG)
        run.wait_for_lines(lambda line: "active faults: spikes 3" in line, within=LONG)
        run.signal(signal.SIGINT)
        assert run.exit_code(LONG) == 0
        assert "readings due" not in run.output
        assert "the simulator: lag p99" in run.output


def test_json_has_no_live_view(place: Place) -> None:
    with on_terminal(place.simulate("--json"), place.env, place.folder) as run:
        run.wait_for_lines(lambda line: "readings due" in line, within=LONG)
        run.signal(signal.SIGINT)
        assert run.exit_code(LONG) == 0
        assert all(json.loads(line) for line in run.lines)
