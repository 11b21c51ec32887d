"""Devices as rows: which columns a Device is made of, and which rows a filter means."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_

from iotflow_server.devices.device import Device, DeviceFilter
from iotflow_server.devices.models import DeviceRow

# In the order of Device's fields.
DEVICE_COLUMNS = (
    DeviceRow.id,
    DeviceRow.name,
    DeviceRow.description,
    DeviceRow.device_type,
    DeviceRow.status,
    DeviceRow.location,
    DeviceRow.firmware_version,
    DeviceRow.hardware_version,
    DeviceRow.configuration,
    DeviceRow.created_at,
    DeviceRow.updated_at,
    DeviceRow.last_seen,
)


def device(row: Sequence[Any]) -> Device:
    return Device(*row)


def devices(rows: Iterable[Sequence[Any]]) -> list[Device]:
    return [device(row) for row in rows]


def among(ids: Sequence[int]) -> ColumnElement[bool]:
    # Written into the statement: both databases limit the number of parameters.
    return DeviceRow.id.in_(bindparam("ids", [int(one) for one in ids], expanding=True, literal_execute=True))


def matching(wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    """Conditions that must all hold."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(DeviceRow.status == wanted.status)
    if wanted.device_type:
        conditions.append(DeviceRow.device_type == wanted.device_type)
    if wanted.name:
        conditions.append(DeviceRow.folded_name.contains(wanted.name.casefold(), autoescape=True))
    if wanted.seen_since is not None:
        conditions.append(DeviceRow.last_seen >= wanted.seen_since)
    if wanted.not_seen_since is not None:
        conditions.append(or_(DeviceRow.last_seen.is_(None), DeviceRow.last_seen < wanted.not_seen_since))
    if wanted.ids is not None:
        conditions.append(among(wanted.ids))
    return conditions
