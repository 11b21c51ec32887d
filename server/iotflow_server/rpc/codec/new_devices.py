"""Decoding and checks of devices to register."""

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.registry import check_texts
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check

# The rules of the contract allow texts of this length in every field; a test proves it.
SHORT = 50


def new_device(request: RegisterDeviceRequest) -> NewDevice:
    """Decode a device that has been checked."""
    return NewDevice(
        name=request.name,
        device_type=request.device_type or "sensor",
        description=request.description,
        location=request.location,
        firmware_version=request.firmware_version,
        hardware_version=request.hardware_version,
    )


def checked_device(request: RegisterDeviceRequest) -> NewDevice:
    """Check a device of many, and decode it. Raises InvalidArgument.

    The rules of the contract take forty microseconds. Plain texts, as most devices have, obviously fulfil them.
    """
    if not is_plain(request):
        check(request)
        check_texts(request.name, request.device_type)
        _check_storable(request)
    return new_device(request)


def is_plain(request: RegisterDeviceRequest) -> bool:
    """Whether the texts are short and have no special characters, so that they fulfil all rules."""
    name, kind = request.name, request.device_type
    return (
        0 < len(name) <= SHORT
        and name.isprintable()
        and "/" not in name
        and "+" not in name
        and "#" not in name
        and not name.isdecimal()
        and not name.isspace()
        and (not kind or (len(kind) <= SHORT and kind.isprintable() and "+" not in kind and "#" not in kind))
        and _is_short(request.description)
        and _is_short(request.location)
        and _is_short(request.firmware_version)
        and _is_short(request.hardware_version)
    )


def _is_short(text: str) -> bool:
    return not text or (len(text) <= SHORT and text.isprintable())


def _check_storable(request: RegisterDeviceRequest) -> None:
    """One text that PostgreSQL cannot store must not fail a whole batch."""
    for field, value in request.ListFields():
        if "\0" in value:
            raise InvalidArgument(field.name, f"{field.name} has the character U+0000, which cannot be stored.")
