"""A device as the registry hands it out, and what is asked of the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from iotflow_server.clock import CLOCK
from iotflow_server.errors import NotFound

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Device:
    """Times are aware, in UTC. Never holds a key."""

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
    # What a gateway said last of its session; None: nothing.
    said_online: bool | None = None
    said_at: datetime | None = None


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
    """None leaves a field as it is. configuration replaces the whole; configuration_key then sets one key of it."""

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
    """All that is given must fit. name: a part, whatever the case. online_since, offline_since: those that are online, or are
    not, where who was heard since then is."""

    status: str = ""
    device_type: str = ""
    name: str = ""
    online_since: datetime | None = None
    offline_since: datetime | None = None
    ids: Sequence[int] | None = None


def device_not_found(device_id: int) -> NotFound:
    return NotFound("DEVICE_NOT_FOUND", f"There is no device {device_id}.")


def utc_now() -> datetime:
    """The server's time; see clock.py."""
    return EPOCH + timedelta(milliseconds=CLOCK.now())
