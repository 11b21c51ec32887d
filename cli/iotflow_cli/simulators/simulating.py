"""`iotflow simulate`."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from iotflow_cli import replay_options as checks
from iotflow_cli.command_line.durations import DURATION
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.open_files import allow_many_connections
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Table
from iotflow_cli.replay_options import converted
from iotflow_cli.simulators.addresses import service_of
from iotflow_cli.simulators.scenarios import chosen_scenario
from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.hashing import readings_hash
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.running.measures import LATE, Measures
from iotflow_simulators.running.simulation import Files, Reports, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario

ADDRESS = converted(checks.address)


@command("simulate")
@with_server
@click.argument("scenario", metavar="SCENARIO")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="seed  [default: that of the scenario]")
@click.option(
    "--duration", type=DURATION, metavar="TIME", help="length of the scenario  [default: that of the scenario]"
)
@click.option("--speed", callback=converted(checks.speed), metavar="N", help="run at N times real time  [default: 1]")
@click.option("--server", "address", callback=ADDRESS, metavar="HOST:PORT", help="gRPC  [default: that of the profile]")
@click.option(
    "--rest", callback=ADDRESS, metavar="HOST:PORT", help="REST  [default: that of `iotflow up`, else port 5000]"
)
@click.option(
    "--mqtt", callback=ADDRESS, metavar="HOST:PORT", help="MQTT  [default: that of `iotflow up`, else port 1883]"
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="new file for every reading and its fate  [default: the name of the scenario, with the time]",
)
@click.option(
    "--labels", type=click.Path(path_type=Path), metavar="FILE", help="file for the anomalies  [default: none]"
)
@click.pass_obj
def simulate(
    output: Output,
    server: Server,
    scenario: str,
    seed: int | None,
    duration: int | None,
    speed: float | None,
    address: str | None,
    rest: str | None,
    mqtt: str | None,
    ledger: Path | None,
    labels: Path | None,
) -> int:
    """Run simulated devices until the scenario ends, or Ctrl-C.

    SCENARIO is a file (.yaml), or a preset such as home. `iotflow verify` then proves what became of every reading.
    """
    try:
        chosen = chosen_scenario(scenario, seed, duration)
        service = service_of(server.target, address, rest, mqtt)
        files = Files(ledger or ledger_of(chosen), labels)
        return simulated(output, server, chosen, service, files, speed or 1.0)
    except SimulationError as error:
        raise CommandError(str(error)) from None


def ledger_of(scenario: Scenario) -> Path:
    """The ledger of a run that begins now, where no other is named."""
    return Path(f"{scenario.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.ledger")


def simulated(
    output: Output, server: Server, scenario: Scenario, service: Service, files: Files, speed: float = 1.0
) -> int:
    """Run a scenario to its end, and show its measures; the exit code. Raises SimulationError."""
    allow_many_connections()
    keys = KeyStore(server.target.data_dir or Path("data"))
    simulation = Simulation(scenario, service, keys, speed=speed)
    measures = asyncio.run(simulation.run(files, _reports(output)))
    _warn(output, measures)
    output.show(Table(_rows(measures)))
    digest = readings_hash(Ledger(files.ledger))
    output.note(f"readings_hash {digest}", readings_hash=digest)
    output.note(f"{files.ledger} has every reading. Next: iotflow verify {files.ledger}", ledger=str(files.ledger))
    return 0


def _reports(output: Output) -> Reports:
    def registered(done: int, of: int) -> None:
        if done == of or done % 1_000 == 0:
            output.note(f"{done:,} of {of:,} devices are registered", registered=done, devices=of)

    def started(engine: Engine, _: LedgerWriter) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, engine.stop.set)

    def running(measures: Measures) -> None:
        data = _progress(measures)
        text = (
            f"{data['seconds']:.0f} s: {data['due']:,} readings due, {data['acknowledged']:,} acknowledged, "
            f"{data['refused']:,} refused, {data['lost_connections']:,} connections lost; lag p99 {data['lag_p99_ms']:.0f} ms, "
            f"own processor {data['processor_percent']:.0f} %"
        )
        output.note(text, **data)

    return Reports(registered, started, running)


def _progress(measures: Measures) -> dict[str, Any]:
    names = ("due", "acknowledged", "refused", "lost_connections")
    return {
        "seconds": round(measures.seconds, 1),
        **{name: measures.total(name) for name in names},
        "lag_p99_ms": round(measures.lag.quantile(0.99) * 1_000, 1),
        "processor_percent": round(measures.processor_share * 100, 1),
    }


def _rows(measures: Measures) -> list[dict[str, Any]]:
    return [
        {
            "door": name,
            "due": door.due,
            "acknowledged": door.acknowledged,
            "refused": door.refused,
            "per_second": round(door.acknowledged / max(measures.seconds, 1e-3), 1),
            "p50_ms": round(door.latency.quantile(0.5) * 1_000, 1),
            "p99_ms": round(door.latency.quantile(0.99) * 1_000, 1),
        }
        for name, door in measures.doors.items()
    ]


def _warn(output: Output, measures: Measures) -> None:
    if measures.is_own_limit:
        lag = measures.lag.quantile(0.99) * 1_000
        output.note(
            f"warning: the simulator itself is the limit: 1 % of the readings left it at least {lag:.0f} ms late (bound: "
            f"{LATE * 1_000:.0f} ms). The rates and latencies are not those of the service.",
            lag_p99_ms=lag,
        )
