"""`iotflow telemetry latest`, `get` and `aggregate`."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import click

from iotflow.v1.telemetry_service_pb2 import (
    AggregateTelemetryRequest,
    AggregateTelemetryResponse,
    GetTelemetryRangeRequest,
    GetTelemetryRangeResponse,
    GetTelemetryRequest,
    GetTelemetryResponse,
    ListLatestTelemetryRequest,
    ListLatestTelemetryResponse,
)
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.words import Fill
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import ROWS
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.results import Row, Table
from iotflow_cli.registry.device_names import device_id
from iotflow_cli.telemetry.options import fields_option, range_options

PAGE = 1000
LATEST_COLUMNS = ("device_id", "device_name", "measurement", "value", "timestamp")
NO_READINGS = "There are no readings."


@command("latest")
@with_server
@fields_option
@click.argument("names_or_ids", nargs=-1, metavar="[DEVICE]...")
@click.option("--type", "device_type", default="", metavar="TYPE", help="devices of this type only")
def latest(server: Server, names_or_ids: tuple[str, ...], device_type: str, fields: list[str]) -> Table:
    """Show the newest value of each measurement.

    Without DEVICE: of all devices.
    """
    ids = [device_id(server, text) for text in names_or_ids]
    request = ListLatestTelemetryRequest(device_ids=ids, device_type=device_type, fields=fields)
    return Table(_latest_values(server, request), LATEST_COLUMNS, nothing=NO_READINGS)


@command("get")
@with_server
@fields_option
@range_options("-1h")
@click.argument("name_or_id", metavar="DEVICE")
@click.option("--newest-first", is_flag=True, help="newest readings first  [default: oldest first]")
@click.option("--limit", type=ROWS, metavar="N", help="at most N rows  [default: all]")
def get(
    server: Server,
    name_or_id: str,
    start: str,
    end: str,
    fields: list[str],
    newest_first: bool,
    limit: int | None,
) -> Table:
    """Show the readings of a device in a range of time."""
    device = device_id(server, name_or_id)
    common: dict[str, Any] = {"device_id": device, "start_time": start, "end_time": end, "fields": fields}
    size = min(limit or PAGE, PAGE)
    rows = (
        _newest_first(server, GetTelemetryRequest(**common, page_size=size))
        if newest_first
        else _oldest_first(server, GetTelemetryRangeRequest(**common, page_size=size))
    )
    return Table(islice(rows, limit), nothing=NO_READINGS)


@command("aggregate")
@with_server
@fields_option
@range_options("-24h")
@click.argument("name_or_id", metavar="DEVICE")
@click.option("--window", default="1h", show_default=True, metavar="DURATION", help="length of a window, such as 5m")
@click.option(
    "--functions",
    default="avg,min,max",
    show_default=True,
    metavar="A,B",
    help="of count, sum, avg, min, max, first, last, median, stddev",
)
@click.option(
    "--fill",
    type=click.Choice([str(word) for word in Fill]),
    help="value of windows without readings  [default: they are left out]",
)
def aggregate(
    server: Server,
    name_or_id: str,
    start: str,
    end: str,
    fields: list[str],
    window: str,
    functions: str,
    fill: str | None,
) -> Table:
    """Show aggregates of the readings of a device over windows of time."""
    request = AggregateTelemetryRequest(
        device_id=device_id(server, name_or_id),
        window=window,
        start_time=start,
        end_time=end,
        aggregation=[functions],
        fields=fields,
        fill=fill or "",
    )
    answer = server.call(TelemetryServiceStub, "AggregateTelemetry", request, AggregateTelemetryResponse)
    return Table([_flat(row) for row in as_data(answer)["data"]], nothing=NO_READINGS)


def _latest_values(server: Server, request: ListLatestTelemetryRequest) -> Iterator[Row]:
    for page in server.pages(TelemetryServiceStub, "ListLatestTelemetry", request, ListLatestTelemetryResponse):
        for found in page.devices:
            data = as_data(found)
            for name, value in data.get("latest_data", {}).items():
                yield {
                    "device_id": found.device_id,
                    "device_name": found.device_name,
                    "measurement": name,
                    "value": value,
                    "timestamp": data["latest_times"].get(name),
                }


def _newest_first(server: Server, request: GetTelemetryRequest) -> Iterator[Row]:
    for page in server.pages(TelemetryServiceStub, "GetTelemetry", request, GetTelemetryResponse):
        yield from map(_timed, as_data(page)["data"])


def _oldest_first(server: Server, request: GetTelemetryRangeRequest) -> Iterator[Row]:
    for page in server.pages(TelemetryServiceStub, "GetTelemetryRange", request, GetTelemetryRangeResponse):
        yield from map(_timed, as_data(page)["data"])


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its time in front."""
    return {"timestamp": row["timestamp"], **row}


def _flat(window: dict[str, Any]) -> dict[str, Any]:
    """The window with one key for each function: `temperature.avg`."""
    flat: dict[str, Any] = {}
    for name, value in _timed(window).items():
        if isinstance(value, dict):
            flat.update({f"{name}.{function}": result for function, result in value.items()})
        else:
            flat[name] = value
    return flat
