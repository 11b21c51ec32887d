"""`iotflow simulate --interactive` over a pipe and on a terminal, at one real service."""

import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import IOTFLOW, Running, free_port, on_terminal, running
from tests.support.service import iotflow_up

SCENARIO = """
name: rooms
duration: 1h
fleets:
  - {name: room, model: temperature, devices: 3, interval: 200ms, door: rest}
"""
COMMAND = (IOTFLOW, "simulate", "--interactive")
LONG = 60.0
# Between two questions for the same thing.
AGAIN = 0.2
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Place:
    """A folder with a scenario, and the environment of its commands."""

    folder: Path
    env: dict[str, str]

    def verify(self, ledger: str) -> int:
        """The exit code of the proof."""
        return subprocess.run([IOTFLOW, "verify", ledger], cwd=self.folder, env={**self.path, **self.env}).returncode

    @property
    def path(self) -> dict[str, str]:
        return {"PATH": str(Path(IOTFLOW).parent)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "rooms.yaml").write_text(SCENARIO)
    env = {"IOTFLOW_DATA_DIR": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    with iotflow_up(folder / "data"):
        yield Place(folder, env)


def ask_until(run: Running, command: str, fits: Callable[[str], bool]) -> None:
    """Ask again and again, until a line of the answers fits."""
    deadline = time.monotonic() + LONG
    while not any(map(fits, run.lines)):
        assert time.monotonic() < deadline, run.output
        run.send_line(command)
        time.sleep(AGAIN)


def test_a_run_is_chosen_watched_disturbed_and_stopped(place: Place) -> None:
    with running(COMMAND, place.env, place.folder, takes_lines=True) as run:
        run.send_line("choose rooms.yaml")
        run.wait_for_line("rooms: 3 devices", LONG)
        run.send_line("start")
        run.wait_for_line("rooms runs with 3 devices", LONG)
        ask_until(
            run, "last room-1", lambda line: bool(re.match(r"2026-01-15T.* temperature=\S+ .*  acknowledged", line))
        )
        run.send_line("fault spikes room-1 for=10m probability=1 magnitude=500")
        run.wait_for_line("spikes begins at room-1 in ", LONG)
        ask_until(run, "show room-1", lambda line: re.fullmatch(r"active faults +spikes", line) is not None)
        ask_until(run, "last room-1", lambda line: re.search(r"temperature=-?[45]\d\d", line) is not None)
        run.send_line("fault offline room-2 for=10m")
        ask_until(run, "show room-2", lambda line: re.fullmatch(r"state +off", line) is not None)
        ask_until(run, "show", lambda line: re.fullmatch(r"active faults +offline 1, spikes 1", line) is not None)
        run.send_line("list room-2")
        run.wait_for_lines(lambda line: re.fullmatch(r"room-2  temperature  rest  off", line) is not None, within=LONG)
        run.send_line("stop")
        summary = run.wait_for_lines(lambda line: "has every reading" in line, within=LONG)
        run.send_line("show")
        run.wait_for_lines(lambda line: re.fullmatch(r"run +has ended", line) is not None, within=LONG)
        run.send_line("quit")
        assert run.exit_code(LONG) == 0
    # Faults that begin in a run are in the ledger too.
    assert place.verify(summary[0].split(" ")[0]) == 0


def test_each_run_has_its_metrics_and_the_page_is_that_of_the_last(place: Place) -> None:
    port, page = free_port(), place.folder / "page.html"
    (place.folder / "halls.yaml").write_text(SCENARIO.replace("room", "hall").replace("devices: 3", "devices: 2"))
    options = ("--metrics-port", str(port), "--report", str(page))
    with running((*COMMAND, *options), place.env, place.folder, takes_lines=True) as run:
        for name, devices in (("rooms", 3), ("halls", 2)):
            run.send_line(f"choose {name}.yaml")
            run.send_line("start")
            run.wait_for_line(f"{name} runs with {devices} devices", LONG)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG) as answer:
                states = re.findall(r"^iotflow_simulator_devices\{.*\} (\S+)", answer.read().decode(), re.MULTILINE)
            assert sum(map(float, states)) == devices
            run.send_line("stop")
            run.wait_for_line(f"{name}-2", LONG)
            assert f"<h1>Simulation {name}</h1>" in page.read_text()
        run.send_line("quit")
        assert run.exit_code(LONG) == 0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--json",), "--interactive answers in text; leave --json out."),
        (("--find-limit",), "--interactive and --find-limit exclude each other."),
        (("--metrics-port", "0"), "--metrics-port"),
    ],
)
def test_options_that_do_not_go_with_commands(place: Place, options: tuple[str, ...], problem: str) -> None:
    ended = subprocess.run(
        [*COMMAND, *options], cwd=place.folder, env=place.path | place.env, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert problem in ended.stderr


def test_a_page_that_cannot_be_written_is_known_before_a_run(place: Place) -> None:
    with running(
        (*COMMAND, "rooms.yaml", "--report", "nowhere/page.html"), place.env, place.folder, takes_lines=True
    ) as run:
        run.send_line("start")
        assert run.exit_code(LONG) == 1
        run.wait_for_line("iotflow: nowhere/page.html: No such file or directory")


def test_the_end_of_the_input_ends_the_run(place: Place) -> None:
    command = (*COMMAND, "rooms.yaml", "--ledger", "ended.ledger")
    with running(command, place.env, place.folder, takes_lines=True) as run:
        run.send_line("start")
        ask_until(run, "last room-1 1", lambda line: line.endswith("acknowledged"))
        run.end_input()
        assert run.exit_code(LONG) == 0
        run.wait_for_line("ended.ledger has every reading")
    assert place.verify("ended.ledger") == 0


def test_an_error_ends_a_pipe_with_its_exit_code(place: Place) -> None:
    with running((*COMMAND, "rooms.yaml"), place.env, place.folder, takes_lines=True) as run:
        run.send_line("show room-1")
        assert run.exit_code(LONG) == 1
        run.wait_for_line("iotflow: Nothing runs; `start` runs the chosen scenario.")


def test_a_terminal_has_a_prompt_and_goes_on_after_an_error(place: Place) -> None:
    command = (*COMMAND, "rooms.yaml", "--ledger", "terminal.ledger")
    with on_terminal(command, place.env, place.folder) as run:
        run.send_line("fly")
        run.wait_for_lines(lambda line: "The command 'fly' is unknown" in line, within=LONG)
        run.send_line("start")
        run.wait_for_lines(lambda line: "rooms runs with 3 devices" in line, within=LONG)
        assert "simulate> " in run.output
        run.signal(signal.SIGINT)
        assert run.exit_code(LONG) == 130
        assert "terminal.ledger has every reading" in run.output
    assert place.verify("terminal.ledger") == 0
