"""`iotflow telemetry delete`."""

import click

from iotflow.v1.telemetry_service_pb2 import DeleteTelemetryRequest, DeleteTelemetryResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_cli.command_line.confirmation import confirm, yes_option
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.results import Record
from iotflow_cli.registry.device_names import device
from iotflow_cli.telemetry.options import TIME_HELP

# A deletion of years of readings takes a while.
SECONDS = 3_600.0


@command("delete")
@with_server
@yes_option
@click.argument("name_or_id", metavar="DEVICE")
@click.option("--start", required=True, metavar="TIME", help=f"first time that is deleted: {TIME_HELP}")
@click.option("--end", required=True, metavar="TIME", help="first time that stays")
def delete(server: Server, name_or_id: str, start: str, end: str, yes: bool) -> Record:
    """Delete the readings of a device in a range of time."""
    found = device(server, name_or_id)
    confirm(f"Delete the readings of the device {found.id} ({found.name}) from {start} until {end}?", yes=yes)
    request = DeleteTelemetryRequest(device_id=found.id, start_time=start, end_time=end)
    answer = server.call(TelemetryServiceStub, "DeleteTelemetry", request, DeleteTelemetryResponse, SECONDS)
    data = as_data(answer)
    return Record(
        data,
        sentence=f"The readings of the device {found.id} from {data['start_time']} until {data['end_time']} are deleted.",
    )
