"""`iotflow simulate`."""

from pathlib import Path

import click

from iotflow_cli import replay_options as checks
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import Number
from iotflow_cli.command_line.options import PORT
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.renderer import Output
from iotflow_cli.replay_options import converted
from iotflow_cli.simulators.addresses import Access, StatedAddress, address_option, ca_option
from iotflow_cli.simulators.hub.prompt import HubOptions, run_hub
from iotflow_cli.simulators.problems import command_error
from iotflow_cli.simulators.run_outputs import OutputOptions
from iotflow_cli.simulators.runs import Chosen, ledger_of, limit_found, simulated
from iotflow_cli.simulators.scenarios import LENGTH, chosen_scenario
from iotflow_simulators import SimulationError
from iotflow_simulators.limits.finder import steady
from iotflow_simulators.limits.step import Bounds
from iotflow_simulators.running.simulation import Files
from iotflow_simulators.scenario.fields import LARGEST_SEED


@command("simulate")
@with_server
@click.argument("scenario", required=False, metavar="SCENARIO")
@click.option("--interactive", is_flag=True, help="choose, start, watch, disturb and stop simulations by commands")
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), metavar="N", help="seed  [default: that of the scenario]")
@click.option("--duration", type=LENGTH, metavar="TIME", help="length of the scenario  [default: that of the scenario]")
@click.option("--speed", callback=converted(checks.speed), metavar="N", help="run at N times real time  [default: 1]")
@address_option("--server", "grpc", "gRPC: host:port, or grpcs://host:port  [default: that of the profile]")
@address_option(
    "--rest",
    "http",
    "REST: host:port, or https://host:port  [default: that of `iotflow up`, else port 5000; with TLS that of gRPC]",
)
@address_option(
    "--mqtt",
    "mqtt",
    "MQTT: host:port, or mqtts://host:port  [default: that of `iotflow up`, else port 1883; with TLS port 8883]",
)
@ca_option
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="new file for every reading and its fate  [default: the name of the scenario, with the time]",
)
@click.option(
    "--labels", type=click.Path(path_type=Path), metavar="FILE", help="file for the anomalies  [default: none]"
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="file for a page with charts of the run  [default: none]",
)
@click.option(
    "--metrics-port", type=PORT, metavar="PORT", help="loopback port of metrics for Prometheus  [default: none]"
)
@click.option(
    "--find-limit",
    is_flag=True,
    help="raise the rate step by step until a bound breaks; --duration is the length of a step  [default: run once]",
)
@click.option(
    "--limit-p99",
    type=click.IntRange(1, 60_000),
    default=500,
    show_default=True,
    metavar="MS",
    help="bound of the p99 of the latency from when a reading was due",
)
@click.option(
    "--limit-loss",
    type=Number(0, 100),
    default=0.1,
    show_default=True,
    metavar="PERCENT",
    help="bound of the share of readings that are refused or not acknowledged",
)
@click.pass_obj
def simulate(
    output: Output,
    server: Server,
    scenario: str | None,
    interactive: bool,
    seed: int | None,
    duration: int | None,
    speed: float | None,
    server_address: StatedAddress | None,
    rest_address: StatedAddress | None,
    mqtt_address: StatedAddress | None,
    ca: Path | None,
    ledger: Path | None,
    labels: Path | None,
    report: Path | None,
    metrics_port: int | None,
    find_limit: bool,
    limit_p99: int,
    limit_loss: float,
) -> int:
    """Run simulated devices until the scenario ends, or Ctrl-C.

    SCENARIO is a file (.yaml), or a preset such as home. `iotflow verify` then proves what became of every reading.
    """
    try:
        service = Access(server.target, ca).service(server_address, rest_address, mqtt_address)
        outputs = OutputOptions(report, metrics_port)
        if interactive:
            if find_limit:
                raise click.UsageError("--interactive and --find-limit exclude each other.")
            if output.as_json:
                raise click.UsageError(
                    "--interactive answers in text; leave --json out. --report and --metrics-port go with it."
                )
            choose = lambda text: chosen_scenario(text, seed, duration)  # noqa: E731
            files_of = lambda chosen: Files(ledger or ledger_of(chosen), labels)  # noqa: E731
            return run_hub(output, server, HubOptions(service, scenario, choose, files_of, speed or 1.0, outputs))
        if scenario is None:
            raise click.UsageError("Missing argument 'SCENARIO'; or --interactive.")
        chosen = chosen_scenario(scenario, seed, None if find_limit else duration)
        files = Files(ledger or ledger_of(chosen), labels)
        if not find_limit:
            return simulated(output, server, Chosen(chosen, service, files, speed or 1.0, outputs))
        if speed:
            raise click.UsageError("--find-limit and --speed exclude each other.")
        run = Chosen(steady(chosen), service, files, outputs=outputs)
        return limit_found(output, server, run, duration, Bounds(limit_p99 / 1_000, limit_loss / 100))
    except SimulationError as error:
        raise command_error(error) from None
