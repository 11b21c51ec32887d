"""`iotflow devices` and `create-device`."""

from collections.abc import Iterator
from itertools import islice

import click

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest, RegisterDeviceResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import (
    DeleteDeviceRequest,
    DeleteDeviceResponse,
    ListDevicesRequest,
    ListDevicesResponse,
    ResetDeviceKeyRequest,
    ResetDeviceKeyResponse,
    SetDeviceStatusRequest,
    SetDeviceStatusResponse,
    UpdateDeviceRequest,
    UpdateDeviceResponse,
)
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow.words import DeviceStatus
from iotflow_cli.command_line.confirmation import confirm, yes_option
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import ROWS
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.results import Record, Row, Table
from iotflow_cli.registry.device_names import details, device

COLUMNS = ("id", "name", "device_type", "status", "is_online", "last_seen")
STATUS = click.Choice([str(word) for word in DeviceStatus])


@command("list")
@with_server
@click.option("--status", type=STATUS, help="devices of this status only")
@click.option("--type", "device_type", default="", metavar="TYPE", help="devices of this type only")
@click.option("--name", default="", metavar="TEXT", help="devices whose name contains this text, in any case")
@click.option("--online/--offline", default=None, help="devices that are online, or offline")
@click.option("--limit", type=ROWS, metavar="N", help="at most N rows  [default: all]")
def list_devices(
    server: Server, status: str | None, device_type: str, name: str, online: bool | None, limit: int | None
) -> Table:
    """List devices by id."""
    request = ListDevicesRequest(
        status=status or "", device_type=device_type, name=name, online=online, page_size=min(limit or 1000, 1000)
    )
    return Table(islice(_rows(server, request), limit), COLUMNS, nothing="No device matches.")


@command("show")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
def show_device(server: Server, name_or_id: str) -> Record:
    """Show a device, its configurations and the number of its readings."""
    found = details(server, name_or_id)
    data = as_data(found)
    shown = ("telemetry_count", "desired_version", "desired")
    return Record({**data["device"], **{name: value for name, value in data.items() if name in shown}})


@command("update")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
@click.option("--name", metavar="TEXT", help="another name")
@click.option("--description", metavar="TEXT", help="a description")
@click.option("--type", "device_type", metavar="TYPE", help="the type")
@click.option("--location", metavar="TEXT", help="the location")
@click.option("--firmware-version", metavar="TEXT", help="the version of the firmware")
@click.option("--hardware-version", metavar="TEXT", help="the version of the hardware")
@click.option("--status", type=STATUS, help="the status")
def update_device(server: Server, name_or_id: str, **changes: str | None) -> Record:
    """Change a device."""
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise click.UsageError("Nothing is to be changed. Give at least one option.")
    request = UpdateDeviceRequest(device_id=device(server, name_or_id).id, **given)
    answer = server.call(FleetServiceStub, "UpdateDevice", request, UpdateDeviceResponse)
    return Record(as_data(answer.device), sentence=f"The device {answer.device.id} is changed.")


@command("suspend")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
def suspend_device(server: Server, name_or_id: str) -> Record:
    """Refuse a device at every door until it is activated."""
    return _with_status(server, name_or_id, DeviceStatus.INACTIVE)


@command("activate")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
def activate_device(server: Server, name_or_id: str) -> Record:
    """Accept a suspended device again."""
    return _with_status(server, name_or_id, DeviceStatus.ACTIVE)


@command("delete")
@with_server
@yes_option
@click.argument("name_or_id", metavar="DEVICE")
@click.option("--telemetry", "with_telemetry", is_flag=True, help="delete its readings too  [default: they remain]")
def delete_device(server: Server, name_or_id: str, with_telemetry: bool, yes: bool) -> Record:
    """Delete a device and its keys."""
    found = device(server, name_or_id)
    readings = " and its readings" if with_telemetry else ""
    confirm(f"Delete the device {found.id} ({found.name}){readings} at {server.target.profile.address}?", yes=yes)
    request = DeleteDeviceRequest(device_id=found.id, delete_telemetry=with_telemetry)
    server.call(FleetServiceStub, "DeleteDevice", request, DeleteDeviceResponse, seconds=600)
    return Record(
        {"device_id": found.id, "name": found.name, "telemetry_deleted": with_telemetry},
        sentence=f"The device {found.id} ({found.name}){readings} is deleted.",
    )


@command("rotate-key")
@with_server
@yes_option
@click.argument("name_or_id", metavar="DEVICE")
@click.option(
    "--grace",
    type=click.IntRange(0, 2_592_000),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="time for which the present key stays valid",
)
def rotate_key(server: Server, name_or_id: str, grace: int, yes: bool) -> Record:
    """Replace the key of a device; the new one is shown once."""
    found = device(server, name_or_id)
    end = f"in {grace} s" if grace else "at once"
    confirm(f"Replace the key of the device {found.id} ({found.name})? The present key ends {end}.", yes=yes)
    request = ResetDeviceKeyRequest(device_id=found.id, grace_seconds=grace)
    answer = server.call(FleetServiceStub, "ResetDeviceKey", request, ResetDeviceKeyResponse)
    return Record({"device_id": found.id, "name": found.name, "api_key": answer.api_key})


@command("create-device")
@with_server
@click.argument("name")
@click.option("--type", "device_type", default="", metavar="TYPE", help="the type  [default: sensor]")
@click.option("--description", default="", metavar="TEXT", help="a description")
@click.option("--location", default="", metavar="TEXT", help="the location")
@click.option("--firmware-version", default="", metavar="TEXT", help="the version of the firmware")
@click.option("--hardware-version", default="", metavar="TEXT", help="the version of the hardware")
def create_device(server: Server, name: str, **properties: str) -> Record:
    """Register a device; its key is shown once."""
    request = RegisterDeviceRequest(name=name, **properties)
    made = server.call(DeviceServiceStub, "RegisterDevice", request, RegisterDeviceResponse).device
    shown = ("id", "name", "device_type", "status", "api_key")
    return Record({field: getattr(made, field) for field in shown})


def _rows(server: Server, request: ListDevicesRequest) -> Iterator[Row]:
    for page in server.pages(FleetServiceStub, "ListDevices", request, ListDevicesResponse):
        for found in page.devices:
            yield as_data(found)


def _with_status(server: Server, name_or_id: str, status: DeviceStatus) -> Record:
    found = device(server, name_or_id)
    request = SetDeviceStatusRequest(device_id=found.id, status=status)
    answer = server.call(FleetServiceStub, "SetDeviceStatus", request, SetDeviceStatusResponse)
    return Record(
        {"device_id": found.id, "name": found.name, "old_status": answer.old_status, "new_status": answer.new_status},
        sentence=f"The device {found.id} ({found.name}) is {answer.new_status}.",
    )
