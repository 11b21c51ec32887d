"""`iotflow telemetry tail`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click

from iotflow.columns import DeviceColumns
from iotflow.errors import ServerError
from iotflow.reading import TelemetryReader
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import ROWS
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Events, Row
from iotflow_cli.output.values import shown_value
from iotflow_cli.registry.device_names import device_id
from iotflow_cli.telemetry.options import TIME_HELP, fields_option


@command("tail")
@with_server
@fields_option
@click.argument("names_or_ids", nargs=-1, metavar="[DEVICE]...")
@click.option("--type", "device_types", multiple=True, metavar="TYPE", help="devices of this type; repeatable")
@click.option(
    "--since", metavar="TIME", help=f"begin with stored readings from this time on: {TIME_HELP}  [default: now]"
)
@click.option("--count", type=ROWS, metavar="N", help="end after N readings  [default: Ctrl-C]")
@click.pass_obj
def tail(
    output: Output,
    server: Server,
    names_or_ids: tuple[str, ...],
    device_types: tuple[str, ...],
    fields: list[str],
    since: str | None,
    count: int | None,
) -> Events:
    """Show readings as they are stored.

    After a break, the command connects again and continues with the newest reading that it showed.
    """
    ids = [device_id(server, text) for text in names_or_ids]
    parts = TelemetryReader(server.connection).subscribe(
        ids,
        device_types=device_types,
        fields=fields,
        since=since,
        on_missed=lambda missed: output.note(
            f"{missed} readings were left out: this reader is too slow", missed=missed
        ),
        on_interrupted=lambda error, pause: _note(output, error, pause),
    )
    rows = (row for part in server.iterate(parts) for row in _rows(part))
    return Events(islice(rows, count), _line)


def _rows(part: DeviceColumns) -> Iterator[Row]:
    for milliseconds, values in part.rows():
        time = datetime.fromtimestamp(milliseconds / 1000, UTC)
        stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield {"device_id": part.device_id, "timestamp": stamp, "data": values}


def _line(row: Row) -> str:
    values: dict[str, Any] = row["data"]
    shown = "  ".join(f"{name}={shown_value(value)}" for name, value in values.items())
    return f"{row['timestamp']}  device {row['device_id']}  {shown}"


def _note(output: Output, error: ServerError, pause: float) -> None:
    output.note(f"interrupted: {error}; connecting again in {pause:.1f} s", seconds=round(pause, 1))
