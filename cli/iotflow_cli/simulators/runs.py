"""Runs a scenario, and shows what was measured."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from iotflow_cli.connections.server import Server
from iotflow_cli.open_files import allow_many_connections
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Table
from iotflow_cli.simulators.limit import finder, row, show_limit
from iotflow_cli.simulators.live import live_view
from iotflow_cli.simulators.results import Watch, note_own_share, reports_to, rows
from iotflow_simulators.ledger.hashing import readings_hash
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.limits.finder import LimitFinder, highest_rate
from iotflow_simulators.limits.step import Bounds
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.reporting.metrics import RunMetrics, serving_metrics
from iotflow_simulators.reporting.page import Report, page
from iotflow_simulators.running.engine import RunSettings
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.simulation import Files, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run that is asked for. report: file of a page about it. metrics_port: of loopback. None: there is none."""

    scenario: Scenario
    service: Service
    files: Files
    speed: float = 1.0
    report: Path | None = None
    metrics_port: int | None = None


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
        output.note(f"{rotated:,} keys were replaced; {_keys(server).path} has the new ones", rotated_keys=rotated)
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
    simulation = Simulation(chosen.scenario, chosen.service, _keys(server), RunSettings(speed=chosen.speed))
    with ExitStack() as stack:
        watches = list[Watch]()
        # A file that cannot be written is known before anything is sent.
        page_file = stack.enter_context(chosen.report.open("w", encoding="utf-8")) if chosen.report else None
        if chosen.metrics_port:
            registry = stack.enter_context(serving_metrics(chosen.metrics_port))
            watches.append(lambda engine: registry.register(RunMetrics(engine.measures)))
        live = stack.enter_context(live_view(output, chosen.scenario, chosen.speed))
        if live:
            watches.append(live)
        began = time.time_ns() // 1_000_000
        reports = reports_to(output, watches, notes_progress=live is None)
        measures = asyncio.run(simulation.run(chosen.files, reports, found.conduct if found else None))
        if page_file:
            steps = [row(step) for step in found.steps] if found else ()
            report = Report(chosen.scenario, str(chosen.service.grpc), began, measures, rows(measures), steps)
            page_file.write(page(report))
    return measures


def _keys(server: Server) -> KeyStore:
    return KeyStore(server.target.data_dir or Path("data"))


def _note_files(output: Output, chosen: Chosen) -> None:
    path = chosen.files.ledger
    output.note(f"{path} has every reading. Next: iotflow verify {path}", ledger=str(path))
    if chosen.report:
        output.note(f"{chosen.report} has the charts", report=str(chosen.report))
