"""Imports the devices of the older service: ids, names, keys, status, types, configurations and times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from iotflow.mosquitto_verifier import mosquitto_verifier
from iotflow.topic_names import level_problem, text_problem
from iotflow.words import DeviceStatus
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow

STATUSES = tuple(DeviceStatus)
# The older service accepted active devices only.
OTHER_STATUS = DeviceStatus.INACTIVE
TEXTS = {"description": 2_000, "location": 200, "firmware_version": 50, "hardware_version": 50}
LONGEST_NAME, LONGEST_TYPE = 100, 50
# The time of a device without any time, so that a second run recognises it.
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
PIECE = 500


@dataclass(slots=True)
class Plan:
    """rows: devices to be added. known: the number of devices that were imported before. conflicts: devices whose ids are in use;
    while there are any, nothing is added. notes: values that differ from the older service."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    known: int = 0
    conflicts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Present:
    """The registry: the creation times of the devices by id, and the names."""

    made: Mapping[int, datetime]
    names: frozenset[str]


async def present(database: Database) -> Present:
    """The current content of the registry. Raises Unavailable."""
    statement = select(DeviceRow.id, DeviceRow.name, DeviceRow.created_at)
    rows = await database.read(lambda connection: connection.execute(statement).all())
    return Present({row.id: row.created_at for row in rows}, frozenset(row.name for row in rows))


def plan(older: Iterable[Mapping[str, Any]], here: Present, hasher: KeyHasher) -> Plan:
    """The plan of the import. Devices that were imported before are not added again."""
    found, names = Plan(), set(here.names)
    for device in older:
        made = _time(device["created_at"]) or _time(device["updated_at"]) or NO_TIME
        if device["id"] not in here.made:
            found.rows.append(_row(device, made, names, hasher, found.notes))
        elif here.made[device["id"]] == made:
            found.known += 1
        else:
            found.conflicts.append(f"device {device['id']} ({device['name']!r}): another device has this id here")
    return found


async def carry_out(database: Database, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the rows. Raises Unavailable; the next run recognises the rows that were added before."""
    for start in range(0, len(rows), PIECE):
        piece = rows[start : start + PIECE]
        await database.write(lambda connection: _add(connection, piece))  # noqa: B023


def _add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(insert(DeviceRow), [dict(row) for row in rows])
    if connection.dialect.name == "postgresql":
        # SQLite does this itself. An id is never used twice.
        sequence, newest = (
            func.pg_get_serial_sequence("devices", "id"),
            select(func.max(DeviceRow.id)).scalar_subquery(),
        )
        connection.execute(select(func.setval(sequence, func.greatest(func.nextval(sequence), newest))))


def _row(
    device: Mapping[str, Any], made: datetime, names: set[str], hasher: KeyHasher, notes: list[str]
) -> dict[str, Any]:
    name = _name(device, names)
    names.add(name)
    status = device["status"] if device["status"] in STATUSES else OTHER_STATUS
    label = f"device {device['id']}"
    if name != device["name"]:
        notes.append(f"{label}: is named {name!r} here, {device['name']!r} before")
    if status != device["status"]:
        notes.append(f"{label}: is {status} here, {device['status']!r} before")
    if status == "maintenance":
        notes.append(f"{label}: was refused while in maintenance; here it is let in, set it inactive to refuse it")
    return {
        "id": device["id"],
        "name": name,
        "folded_name": name.casefold(),
        "device_type": _clean(device["device_type"] or "sensor")[:LONGEST_TYPE],
        "status": status,
        "configuration": device["configuration"],
        "key_hash": hasher.hash(device["api_key"]),
        "mqtt_verifier": mosquitto_verifier(device["api_key"]),
        "created_at": made,
        "updated_at": _time(device["updated_at"]) or made,
        "last_seen": _time(device["last_seen"]),
        **{name: (device[name] or "")[:longest] for name, longest in TEXTS.items()},
    }


def _name(device: Mapping[str, Any], taken: set[str]) -> str:
    """The name of the device, or a similar one that is unused and allowed in topics."""
    name = _clean(device["name"] or "").replace("/", "_").replace("+", "_").replace("#", "_")[:LONGEST_NAME]
    if not name.strip() or level_problem(name):
        name = f"device-{name.strip() or device['id']}"
    return name if name not in taken else f"{name[: LONGEST_NAME - 12]}-{device['id']}"


def _clean(written: str) -> str:
    return "".join("_" if text_problem(character) else character for character in written)


def _time(written: datetime | None) -> datetime | None:
    """The time in UTC, the zone of the older service. SQLite does not store the zone."""
    if written is None:
        return None
    return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
