"""Devices as rows: the columns of a Device, and the conditions of a filter."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_

from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, DeviceFilter

# A device with an open session stays online this much longer without a message. The session cannot stay open for ever: the end
# of a session is not reported if its broker is killed.
LONGER_SILENCE = timedelta(days=1)

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
    DeviceRow.reported_online,
    DeviceRow.reported_at,
)


def device(row: Sequence[Any]) -> Device:
    return Device(*row)


def devices(rows: Iterable[Sequence[Any]]) -> list[Device]:
    return [device(row) for row in rows]


def among(ids: Sequence[int]) -> ColumnElement[bool]:
    # Literals, because both databases limit the number of parameters.
    return DeviceRow.id.in_(bindparam("ids", [int(one) for one in ids], expanding=True, literal_execute=True))


def online(since: datetime) -> ColumnElement[bool]:
    """The condition of Online.is_online in SQL, for an online window that begins at this time."""
    begun = since - LONGER_SILENCE
    has_session = and_(
        DeviceRow.reported_online.is_(True), or_(DeviceRow.reported_at >= begun, DeviceRow.last_seen >= begun)
    )
    not_gone = or_(DeviceRow.reported_online.is_(None), DeviceRow.reported_at < DeviceRow.last_seen)
    return or_(has_session, and_(DeviceRow.last_seen >= since, not_gone))


def offline(since: datetime) -> ColumnElement[bool]:
    """The negation of online, in a form that uses the indexes."""
    begun = since - LONGER_SILENCE
    unheard = or_(DeviceRow.last_seen.is_(None), DeviceRow.last_seen < begun)
    no_session = or_(
        DeviceRow.reported_online.is_(None),
        DeviceRow.reported_online.is_(False),
        and_(DeviceRow.reported_at < begun, unheard),
    )
    gone = and_(DeviceRow.reported_online.is_(False), DeviceRow.reported_at >= DeviceRow.last_seen)
    return and_(no_session, or_(DeviceRow.last_seen.is_(None), DeviceRow.last_seen < since, gone))


def matching(wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    """Conditions that must all hold."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(DeviceRow.status == wanted.status)
    if wanted.device_type:
        conditions.append(DeviceRow.device_type == wanted.device_type)
    if wanted.name:
        conditions.append(DeviceRow.folded_name.contains(wanted.name.casefold(), autoescape=True))
    if wanted.online_since is not None:
        conditions.append(online(wanted.online_since))
    if wanted.offline_since is not None:
        conditions.append(offline(wanted.offline_since))
    if wanted.ids is not None:
        conditions.append(among(wanted.ids))
    return conditions
