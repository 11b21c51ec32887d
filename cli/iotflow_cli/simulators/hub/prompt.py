"""Reads the commands of the hub, from a terminal or a pipe."""

from collections.abc import Callable
from pathlib import Path

from iotflow_cli.connections.server import Server
from iotflow_cli.open_files import allow_many_connections
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Text
from iotflow_cli.shells.prompt import run_prompt
from iotflow_cli.simulators.hub.background_run import BackgroundRun
from iotflow_cli.simulators.hub.hub import MOST_READINGS, Hub
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.engine import RunSettings
from iotflow_simulators.running.simulation import Files, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario

PROMPT = "simulate> "


def run_hub(
    output: Output,
    server: Server,
    service: Service,
    scenario: str | None,
    choose: Callable[[str], Scenario],
    files: Callable[[Scenario], Files],
    speed: float,
) -> int:
    """Execute commands until `quit` or the end of the input; the exit code. scenario: what is chosen at first. files: those of a
    run that begins. Raises SimulationError."""
    allow_many_connections()
    keys = KeyStore(server.target.data_dir or Path("data"))
    settings = RunSettings(speed, remembered=MOST_READINGS)

    def begin(chosen: Scenario) -> BackgroundRun:
        return BackgroundRun(chosen, Simulation(chosen, service, keys, settings), files(chosen))

    hub = Hub(choose, begin, scenario)
    output.note("`help` lists the commands")
    try:
        return run_prompt(PROMPT, hub.execute, ())
    finally:
        if text := hub.close():
            output.show(Text(text))
