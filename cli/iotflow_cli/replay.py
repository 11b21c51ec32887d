"""`iotflow replay`: sends a CSV recording as a device."""

import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from iotflow_cli import replay_options as checks
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record
from iotflow_cli.replay_options import DETECTED, converted
from iotflow_cli.simulators.addresses import Access, StatedAddress, address_option, ca_option
from iotflow_cli.simulators.keys import device_keys
from iotflow_cli.simulators.problems import command_error
from iotflow_simulators import SimulationError
from iotflow_simulators.recordings.csv_file import CsvOptions
from iotflow_simulators.recordings.csv_rows import Recording, description, inspect
from iotflow_simulators.recordings.progress import progress_on, write_line
from iotflow_simulators.recordings.replay import Destination, replay
from iotflow_simulators.recordings.tally import ReplayTally


@command("replay")
@with_server
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option(
    "--device", required=True, metavar="NAME", help="name of the device, which is registered if it does not exist"
)
@address_option("--server", "grpc", "gRPC: host:port, or grpcs://host:port  [default: that of the profile]")
@ca_option
@click.option(
    "--speed",
    callback=converted(checks.speed),
    metavar="N",
    help="send at N times real time  [default: as fast as possible]",
)
@click.option(
    "--time-column",
    default="",
    metavar="COLUMN",
    help="column of times: a name of the header, or a number from 1" + DETECTED,
)
@click.option(
    "--time-format",
    callback=converted(checks.time_format),
    metavar="FORMAT",
    help="format of times: s, ms, us or ns since 1970, or such as '%d.%m.%Y %H:%M:%S'" + DETECTED,
)
@click.option(
    "--timezone",
    callback=converted(checks.time_zone),
    metavar="ZONE",
    help="time zone of times without an offset, such as Europe/Berlin  [default: UTC]",
)
@click.option(
    "--delimiter",
    callback=converted(checks.delimiter),
    metavar="CHARACTER",
    help="character between cells, or tab" + DETECTED,
)
@click.option(
    "--encoding",
    callback=converted(checks.encoding),
    metavar="NAME",
    help="encoding, such as cp1252  [default: UTF-8, or UTF-16 with a byte order mark]",
)
@click.option("--dry-run", is_flag=True, help="show how the file is read, and send nothing  [default: send]")
@click.pass_obj
def replay_file(
    output: Output,
    server: Server,
    file: Path,
    device: str,
    server_address: StatedAddress | None,
    ca: Path | None,
    speed: float | None,
    time_column: str,
    time_format: str | None,
    timezone: ZoneInfo | None,
    delimiter: str | None,
    encoding: str | None,
    dry_run: bool,
) -> int | Record:
    """Send the rows of a CSV file as a device.

    FILE.csv has a column of times, and one column for each measurement. The exit code is 0 where every row is stored.
    """
    options = CsvOptions(
        time_column=time_column,
        time_format=time_format or "",
        timezone=timezone,
        delimiter=delimiter or "",
        encoding=encoding or "",
    )
    # With --json the standard output has the result only.
    console = Console(stderr=output.as_json)
    try:
        access = Access(server.target, ca)
        address = access.server(server_address)
        to = Destination(address, device, device_keys(server.target), access.token(address))
        recording = inspect(file, options)
    except SimulationError as error:
        raise command_error(error) from None
    for line in description(recording):
        write_line(console, line)
    tally = ReplayTally()
    if not dry_run:
        _replay(console, recording, to, tally, speed)
    code = ExitCode.DONE if tally.is_complete else ExitCode.FAILED
    return Record(_report(recording, to, tally), exit_code=code) if output.as_json else int(code)


def _replay(console: Console, recording: Recording, to: Destination, tally: ReplayTally, speed: float | None) -> None:
    try:
        with progress_on(console, recording.rows) as progress:
            asyncio.run(replay(recording, to, tally, progress, speed=speed))
    except SimulationError as error:
        raise command_error(error, *_progress_lines(tally)) from None
    except KeyboardInterrupt:
        raise CommandError("\n".join(["stopped", *_progress_lines(tally)]), ExitCode.INTERRUPTED) from None
    for line in tally.summary():
        write_line(console, line)


def _report(recording: Recording, to: Destination, tally: ReplayTally) -> dict[str, Any]:
    rejected = [
        {"measurement": measurement, "reason": reason, "rows": rows}
        for (measurement, reason), rows in tally.rejected.items()
    ]
    return {
        "device": to.device,
        "rows": recording.rows,
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "without_values": tally.empty,
        "rejected": rejected,
    }


def _progress_lines(tally: ReplayTally) -> list[str]:
    if not tally.sent:
        return []
    return [*tally.summary(), "run the same command again to complete it: rows with the same time are overwritten"]
