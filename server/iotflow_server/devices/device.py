"""Devices, and the parameters of queries and changes of the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from iotflow_server.clock import CLOCK
from iotflow_server.errors import NotFound, PermissionDenied

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Device:
    """Times are aware, in UTC. A device never holds its key."""

    id: int
    name: str
    description: str
    device_type: str
    status: str
    location: str
    firmware_version: str
    hardware_version: str
    configuration: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    last_seen: datetime | None
    # The last report of a gateway on the device's session; None: there is none.
    reported_online: bool | None = None
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDevice:
    name: str
    device_type: str = "sensor"
    description: str = ""
    location: str = ""
    firmware_version: str = ""
    hardware_version: str = ""


@dataclass(frozen=True, slots=True)
class DeviceChanges:
    """None leaves a field unchanged. configuration replaces the whole document; configuration_key then sets one key of it."""

    name: str | None = None
    description: str | None = None
    device_type: str | None = None
    status: str | None = None
    location: str | None = None
    firmware_version: str | None = None
    hardware_version: str | None = None
    configuration: dict[str, Any] | None = None
    configuration_key: tuple[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """All given conditions must hold. name: a part of the name, in any case.

    online_since, offline_since: devices that are online, or offline, for an online window that begins at this time.
    """

    status: str = ""
    device_type: str = ""
    name: str = ""
    online_since: datetime | None = None
    offline_since: datetime | None = None
    ids: Sequence[int] | None = None


def device_not_found(device_id: int) -> NotFound:
    return NotFound("DEVICE_NOT_FOUND", f"There is no device {device_id}.")


def device_inactive(device_id: int) -> PermissionDenied:
    return PermissionDenied("DEVICE_INACTIVE", f"Device {device_id} is inactive; an admin can set it active.")


def utc_now() -> datetime:
    """The time of the server's clock; see clock.py."""
    return EPOCH + timedelta(milliseconds=CLOCK.now())
