"""Changes of devices within one transaction, each with its audit entry where an actor made it."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from iotflow.words import DeviceStatus
from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.db.json_documents import MOST_CONFIGURATION_BYTES, check_size
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, DeviceChanges, device_not_found
from iotflow_server.devices.rows import DEVICE_COLUMNS, device

T = TypeVar("T")

# Fields of DeviceChanges that are columns of the same name.
PLAIN_CHANGES = (
    "name",
    "description",
    "device_type",
    "status",
    "location",
    "firmware_version",
    "hardware_version",
    "configuration",
)
# Built once: it runs for every registration, and takes longer to build than to run.
REGISTER = insert(DeviceRow).returning(DeviceRow.id)


def register(connection: Connection, row: dict[str, Any], actor: str) -> int:
    """The id of the new device."""
    device_id = connection.scalars(REGISTER, row).one()
    details = {"name": row["name"], "device_type": row["device_type"]}
    audit.add(connection, NewEntry(row["created_at"], actor, "device.register", f"device:{device_id}", details))
    return device_id


def update_device(connection: Connection, device_id: int, changes: DeviceChanges, actor: str, now: datetime) -> Device:
    changed = report(connection, device_id, changes, now)
    audit.add(connection, NewEntry(now, actor, "device.update", f"device:{device_id}", _plain(changes)))
    return changed


def set_status(connection: Connection, device_id: int, status: str, actor: str, now: datetime) -> tuple[str, Device]:
    """The previous status, and the device."""
    before = _locked(connection, device_id, DeviceRow.status)
    changed = report(connection, device_id, DeviceChanges(status=status), now)
    details = {"old": before, "new": status}
    audit.add(connection, NewEntry(now, actor, "device.status", f"device:{device_id}", details))
    return before, changed


def report(connection: Connection, device_id: int, changes: DeviceChanges, now: datetime) -> Device:
    """Without an audit entry."""
    values = _plain(changes)
    if changes.status == DeviceStatus.INACTIVE:
        # No report follows: Mosquitto does not publish the last will of a client that it disconnects for its account.
        values |= {"reported_online": False, "reported_at": now}
    if changes.name is not None:
        values["folded_name"] = changes.name.casefold()
    if changes.configuration_key is not None:
        key, value = changes.configuration_key
        values["configuration"] = _configuration(connection, device_id, changes) | {key: value}
    check_size("configuration", values.get("configuration", {}), MOST_CONFIGURATION_BYTES)
    statement = update(DeviceRow).where(DeviceRow.id == device_id).values(values | {"updated_at": now})
    row = connection.execute(statement.returning(*DEVICE_COLUMNS)).one_or_none()
    if row is None:
        raise device_not_found(device_id)
    return device(row)


def delete_device(connection: Connection, device_id: int, actor: str, now: datetime, delete_telemetry: bool) -> Device:
    removed = remove(connection, device_id)
    details = {"name": removed.name, "delete_telemetry": delete_telemetry}
    audit.add(connection, NewEntry(now, actor, "device.delete", f"device:{device_id}", details))
    return removed


def remove(connection: Connection, device_id: int, *conditions: ColumnElement[bool], **values: str) -> Device:
    """Remove a device with its commands and desired configurations, if the conditions hold; returns the removed device."""
    statement = delete(DeviceRow).where(DeviceRow.id == device_id, *conditions).returning(*DEVICE_COLUMNS)
    row = connection.execute(statement, values).one_or_none()
    if row is None:
        raise device_not_found(device_id)
    return device(row)


def _plain(changes: DeviceChanges) -> dict[str, Any]:
    return {name: value for name in PLAIN_CHANGES if (value := getattr(changes, name)) is not None}


def _configuration(connection: Connection, device_id: int, changes: DeviceChanges) -> dict[str, Any]:
    """The document in which the key is set. Its row is locked, so that concurrent changes do not overwrite each other."""
    if changes.configuration is not None:
        return changes.configuration
    return _locked(connection, device_id, DeviceRow.configuration)


def _locked(connection: Connection, device_id: int, column: InstrumentedAttribute[T]) -> T:
    """The column of a device whose row no other transaction changes until this one ends."""
    row = connection.execute(select(column).where(DeviceRow.id == device_id).with_for_update()).one_or_none()
    if row is None:
        raise device_not_found(device_id)
    return row[0]
