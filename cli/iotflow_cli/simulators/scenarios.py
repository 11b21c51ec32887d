"""The scenario that a command names, with what its options change."""

from dataclasses import replace
from pathlib import Path

from iotflow_cli.command_line.durations import Duration
from iotflow_simulators import presets
from iotflow_simulators.scenario.fields import LENGTHS
from iotflow_simulators.scenario.loader import load
from iotflow_simulators.scenario.scenario import Scenario
from iotflow_simulators.scenario.times import milliseconds

# Of a scenario, as its file has it.
LENGTH = Duration(*(milliseconds(text) // 1_000 for text in LENGTHS))


def chosen_scenario(text: str, seed: int | None, seconds: int | None) -> Scenario:
    """text: a preset, or a file. Raises SimulationError."""
    is_file = Path(text).suffix in (".yaml", ".yml") or "/" in text
    scenario = load(Path(text)) if is_file else presets.preset(text)
    if seed is not None:
        scenario = replace(scenario, seed=seed)
    if seconds is None:
        return scenario
    faults = tuple(fault for fault in scenario.faults if fault.at < seconds * 1_000)
    return replace(scenario, duration=seconds * 1_000, faults=faults)
