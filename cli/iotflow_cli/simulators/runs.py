"""Runs a scenario, and shows what was measured."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from iotflow_cli.connections.server import Server
from iotflow_cli.open_files import allow_many_connections
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Table
from iotflow_cli.simulators.keys import device_keys
from iotflow_cli.simulators.limit import finder, row, show_limit
from iotflow_cli.simulators.live import live_view
from iotflow_cli.simulators.results import note_own_share, reports_to, rows
from iotflow_cli.simulators.run_outputs import OutputOptions, run_outputs
from iotflow_simulators.ledger.hashing import readings_hash
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.limits.finder import LimitFinder, highest_rate
from iotflow_simulators.limits.step import Bounds
from iotflow_simulators.running.engine import RunSettings
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.simulation import Files, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run that is asked for."""

    scenario: Scenario
    service: Service
    files: Files
    speed: float = 1.0
    outputs: OutputOptions = field(default_factory=OutputOptions)


def ledger_of(scenario: Scenario) -> Path:
    """The ledger of a run that begins now, where no other is named."""
    return Path(f"{scenario.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.ledger")


def simulated(output: Output, server: Server, chosen: Chosen) -> int:
    """Run a scenario to its end, and show its measures; the exit code. Raises SimulationError."""
    measures = _run(output, server, chosen)
    note_own_share(output, measures)
    output.show(Table(rows(measures)))
    digest = readings_hash(Ledger(chosen.files.ledger))
    output.note(f"readings_hash {digest}", readings_hash=digest)
    if rotated := measures.total("rotated_keys"):
        output.note(
            f"{rotated:,} keys were replaced; {device_keys(server.target).path} has the new ones", rotated_keys=rotated
        )
    _note_files(output, chosen)
    return 0


def limit_found(output: Output, server: Server, chosen: Chosen, seconds: int | None, bounds: Bounds) -> int:
    """Find the limit of the service, and show it; the exit code. seconds: length of a step. Raises SimulationError."""
    found = finder(output, highest_rate(chosen.scenario), seconds, bounds)
    _run(output, server, chosen, found)
    code = show_limit(output, found, bounds)
    _note_files(output, chosen)
    return code


def _run(output: Output, server: Server, chosen: Chosen, found: LimitFinder | None = None) -> Measures:
    allow_many_connections()
    simulation = Simulation(
        chosen.scenario, chosen.service, device_keys(server.target), RunSettings(speed=chosen.speed)
    )
    with run_outputs(chosen.outputs) as outputs:
        outputs.begin(chosen.scenario, str(chosen.service.grpc))
        with live_view(output, chosen.scenario, chosen.speed) as live:
            reports = reports_to(output, outputs.watch, live)
            measures = asyncio.run(simulation.run(chosen.files, reports, found.conduct if found else None))
        outputs.end(measures, [row(step) for step in found.steps] if found else ())
    return measures


def _note_files(output: Output, chosen: Chosen) -> None:
    path = chosen.files.ledger
    output.note(f"{path} has every reading. Next: iotflow verify {path}", ledger=str(path))
    if report := chosen.outputs.report:
        output.note(f"{report} has the charts", report=str(report))
