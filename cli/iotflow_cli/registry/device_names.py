"""Devices as people name them: by id or by name."""

from iotflow.v1.device_pb2 import Device
from iotflow.v1.fleet_service_pb2 import (
    GetDeviceRequest,
    GetDeviceResponse,
    ListDevicesRequest,
    ListDevicesResponse,
)
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError

PAGE = 1000
LARGEST_ID = 2**31 - 1


def device_id(server: Server, text: str) -> int:
    """The id of a device. Digits alone are an id, which no name can be. Raises CommandError, ServerError."""
    if text.isascii() and text.isdecimal():
        if not 1 <= int(text) <= LARGEST_ID:
            raise _unknown(text)
        return int(text)
    # The server compares parts of names, in upper or lower case.
    request = ListDevicesRequest(name=text, page_size=PAGE)
    for page in server.pages(FleetServiceStub, "ListDevices", request, ListDevicesResponse):
        for device in page.devices:
            if device.name == text:
                return device.id
    raise _unknown(text)


def details(server: Server, text: str) -> GetDeviceResponse:
    """A device with its desired configuration and its number of readings. Raises CommandError, ServerError."""
    request = GetDeviceRequest(device_id=device_id(server, text))
    return server.call(FleetServiceStub, "GetDevice", request, GetDeviceResponse)


def device(server: Server, text: str) -> Device:
    """A device. Raises CommandError, ServerError."""
    return details(server, text).device


def _unknown(text: str) -> CommandError:
    return CommandError(
        f"There is no device {text!r}. `iotflow devices list` lists them.",
        ExitCode.NOT_FOUND,
        reason="DEVICE_NOT_FOUND",
    )
