"""Reads the commands of the hub, from a terminal or a pipe."""

from collections.abc import Callable
from dataclasses import dataclass

from iotflow_cli.connections.server import Server
from iotflow_cli.open_files import allow_many_connections
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Text
from iotflow_cli.shells.prompt import run_prompt
from iotflow_cli.simulators.hub.background_run import BackgroundRun
from iotflow_cli.simulators.hub.hub import MOST_READINGS, Hub
from iotflow_cli.simulators.keys import device_keys
from iotflow_cli.simulators.run_outputs import OutputOptions, run_outputs
from iotflow_simulators.running.engine import RunSettings
from iotflow_simulators.running.simulation import Files, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario

PROMPT = "simulate> "


@dataclass(frozen=True, slots=True)
class HubOptions:
    """scenario: what is chosen at first. choose: a scenario by its name. files: those of a run that begins. Both raise
    SimulationError."""

    service: Service
    scenario: str | None
    choose: Callable[[str], Scenario]
    files: Callable[[Scenario], Files]
    speed: float
    outputs: OutputOptions


def run_hub(output: Output, server: Server, options: HubOptions) -> int:
    """Execute commands until `quit` or the end of the input; the exit code. Raises SimulationError."""
    allow_many_connections()
    keys = device_keys(server.target)
    settings = RunSettings(options.speed, remembered=MOST_READINGS)
    with run_outputs(options.outputs) as outputs:

        def begin(chosen: Scenario) -> BackgroundRun:
            outputs.begin(chosen, str(options.service.grpc))
            simulation = Simulation(chosen, options.service, keys, settings)
            return BackgroundRun(chosen, simulation, options.files(chosen), outputs)

        hub = Hub(options.choose, begin, options.scenario)
        output.note("`help` lists the commands")
        try:
            return run_prompt(PROMPT, hub.execute, ())
        finally:
            if text := hub.close():
                output.show(Text(text))
