"""`iotflow verify`."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from iotflow.connection import Connection
from iotflow.readings.times import InvalidTime, parse_time
from iotflow_cli.command_line.durations import Duration
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Table
from iotflow_cli.simulators.addresses import Access, StatedAddress, address_option, ca_option
from iotflow_cli.simulators.problems import command_error
from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.verify.broker_kills import BrokerKill, stated_kill
from iotflow_simulators.verify.findings import Finding, Verification
from iotflow_simulators.verify.verification import verify_patiently

_STEP = 2_000
# In seconds.
LONGEST_WAIT = LONGEST_AUTOSAVE = 86_400
MOST_KILLS = 100
_USUAL = ("door", "sent", "acknowledged", "refused", "unknown", "lost", "wrong", "invented")


def _times(_ctx: click.Context, _param: click.Parameter, texts: Sequence[str]) -> list[int]:
    """Times in ms since 1970."""
    if len(texts) > MOST_KILLS:
        raise click.BadParameter(f"{len(texts)} times are stated; at most {MOST_KILLS} are accepted.")
    try:
        return [parse_time(text, time.time_ns() // 1_000_000) for text in texts]
    except InvalidTime as error:
        raise click.BadParameter(str(error)) from None


@command("verify")
@with_server
@click.argument("ledger", type=click.Path(path_type=Path), metavar="LEDGER")
@address_option("--server", "grpc", "gRPC: host:port, or grpcs://host:port  [default: that of the profile]")
@ca_option
@click.option(
    "--wait",
    type=Duration(most=LONGEST_WAIT),
    default=30,
    show_default=True,
    metavar="TIME",
    help="the most time without a reading that a broker still delivers",
)
@click.option(
    "--broker-killed-at",
    "killed",
    multiple=True,
    callback=_times,
    metavar="TIME",
    help="a Mosquitto was killed then: count apart what it lost; RFC 3339, now, or an age such as -5m; repeatable",
)
@click.option(
    "--broker-autosave",
    "autosave",
    type=Duration(1, LONGEST_AUTOSAVE),
    default=10,
    show_default=True,
    metavar="TIME",
    help="the autosave_interval of that Mosquitto",
)
@click.pass_obj
def verify_ledger(
    output: Output,
    server: Server,
    ledger: Path,
    server_address: StatedAddress | None,
    ca: Path | None,
    wait: int,
    killed: Sequence[int],
    autosave: int,
) -> int:
    """Prove what became of every reading of a simulation.

    LEDGER is the file of `iotflow simulate`. The exit code is 0 where every acknowledged reading is stored exactly, every
    refused one is absent, and nothing is stored that was not sent.
    """
    try:
        access = Access(server.target, ca)
        address = access.server(server_address)
        read = Ledger(ledger)
        kills = [stated_kill(at, autosave * 1_000, read) for at in killed]
        connection = Connection(str(address), token=access.token(address), tls=address.tls)
        result = server.run(_verified(read, connection, wait, _progress(output), kills), None)
    except SimulationError as error:
        raise command_error(error) from None
    for note in result.notes:
        output.note(note)
    for finding in result.examples:
        output.note(_sentence(finding), **_data(finding))
    output.show(_table(result))
    if result.reasons and not output.as_json:
        output.show(Table(_reasons(result)))
    verdict = "proved" if result.is_proved else "not proved: see the table"
    output.note(f"{ledger}: {verdict}", proved=result.is_proved)
    return ExitCode.DONE if result.is_proved else ExitCode.FAILED


async def _verified(
    ledger: Ledger,
    connection: Connection,
    wait: float,
    progress: Callable[[int, int], None],
    kills: Sequence[BrokerKill],
) -> Verification:
    async with connection:
        return await verify_patiently(ledger, connection, wait, progress, kills)


def _progress(output: Output) -> Callable[[int, int], None]:
    def show(done: int, of: int) -> None:
        if done % _STEP == 0 or done == of:
            output.note(f"{done:,} of {of:,} devices are verified", verified=done, devices=of)

    return show


def _table(result: Verification) -> Table:
    """A terminal has room for what is usual, and for what is not zero."""
    rows = result.rows()
    shown = [name for name in rows[-1] if name in _USUAL or rows[-1][name]] if rows else []
    return Table(rows, shown)


def _reasons(result: Verification) -> list[dict[str, Any]]:
    return [
        {"door": door, "reason": reason, "refused": count} for (door, reason), count in sorted(result.reasons.items())
    ]


def _sentence(finding: Finding) -> str:
    sent = f"{finding.sent} was sent" if finding.sent else "nothing is to be there"
    place = f"{finding.device.name} ({finding.device.door}), {finding.measurement} at {finding.time}"
    return f"{finding.kind.value}: {place}: {sent}, {finding.stored} is stored"


def _data(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "device": finding.device.name,
        "measurement": finding.measurement,
        "time": finding.time,
        "number": finding.number,
    }
