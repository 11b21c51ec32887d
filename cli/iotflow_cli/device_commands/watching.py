"""`iotflow commands list` and `watch`."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

import click
import grpc

from iotflow.connection import Metadata
from iotflow.errors import ServerError
from iotflow.resuming import resumed
from iotflow.v1.command_service_pb2 import (
    ListCommandsRequest,
    ListCommandsResponse,
    WatchCommandsRequest,
    WatchCommandsResponse,
)
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.words import CommandState
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import COMMAND_ID, ROWS
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Events, Row, Table
from iotflow_cli.output.values import shown_value
from iotflow_cli.registry.device_names import device_id

COLUMNS = ("id", "device_id", "name", "state", "created_at", "finished_at")


@command("list")
@with_server
@click.argument("name_or_id", required=False, metavar="[DEVICE]")
@click.option("--state", type=click.Choice([str(word) for word in CommandState]), help="commands in this state only")
@click.option("--limit", type=ROWS, default=100, show_default=True, metavar="N", help="at most N rows")
def list_commands(server: Server, name_or_id: str | None, state: str | None, limit: int) -> Table:
    """List commands, newest first."""
    device = device_id(server, name_or_id) if name_or_id else 0
    request = ListCommandsRequest(device_id=device, state=state or "", page_size=min(limit, 1000))
    return Table(islice(_rows(server, request), limit), COLUMNS, nothing="No command matches.")


@command("watch")
@with_server
@click.argument("name_or_id", required=False, metavar="[DEVICE]")
@click.option("--command", "command_id", type=COMMAND_ID, metavar="ID", help="this command only")
@click.option("--count", type=ROWS, metavar="N", help="end after N changes  [default: Ctrl-C]")
@click.pass_obj
def watch(output: Output, server: Server, name_or_id: str | None, command_id: int | None, count: int | None) -> Events:
    """Show commands as they change."""
    device = device_id(server, name_or_id) if name_or_id else 0
    request = WatchCommandsRequest(device_id=device, command_id=command_id or 0)
    return Events(islice(server.iterate(_changes(server, request, output)), count), _line)


def _rows(server: Server, request: ListCommandsRequest) -> Iterator[Row]:
    for page in server.pages(CommandServiceStub, "ListCommands", request, ListCommandsResponse):
        for found in page.commands:
            yield as_data(found)


async def _changes(server: Server, request: WatchCommandsRequest, output: Output) -> AsyncIterator[Row]:
    def opened(channel: grpc.aio.Channel, metadata: Metadata) -> Any:
        return CommandServiceStub(channel).WatchCommands(request, metadata=metadata)

    def interrupted(error: ServerError, pause: float) -> None:
        output.note(f"interrupted: {error}; connecting again in {pause:.1f} s", seconds=round(pause, 1))

    events: AsyncIterator[WatchCommandsResponse] = resumed(server.connection, opened, interrupted)
    async for event in events:
        if event.HasField("command"):
            yield as_data(event.command)
        elif event.HasField("missed"):
            output.note("changes may have been lost; `iotflow commands list` shows the present states", missed=True)


def _line(row: Row) -> str:
    result = f"  {shown_value(row['result'])}" if row.get("result") else ""
    return f"{row['id']}  device {row['device_id']}  {shown_value(row['name'])}  {row['state']}{result}"
