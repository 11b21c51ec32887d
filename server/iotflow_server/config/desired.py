"""Desired configurations of devices, in versions."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.config.twin import equal, merged
from iotflow_server.db.database import Database
from iotflow_server.db.json_documents import MOST_CONFIGURATION_BYTES, check_size
from iotflow_server.db.models import DesiredRow, DeviceRow
from iotflow_server.devices.device import device_not_found, utc_now
from iotflow_server.errors import Unavailable, VersionConflict
from iotflow_server.streams.change_feed import ChangeFeed

# In the order of Desired's fields.
COLUMNS = (DesiredRow.device_id, DesiredRow.version, DesiredRow.document, DesiredRow.actor, DesiredRow.created_at)


@dataclass(frozen=True, slots=True)
class DesiredConfig:
    """version: 0 before the first change; each change adds 1. actor: the author, such as token:<name>.
    changed_at: aware, in UTC."""

    device_id: int
    version: int
    document: dict[str, Any]
    actor: str = ""
    changed_at: datetime | None = None


class DesiredConfigs:
    """Every method may raise Unavailable. changes: every new version is published here once it is durable."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        changes: ChangeFeed[DesiredConfig] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self.changes: ChangeFeed[DesiredConfig] = changes or ChangeFeed()

    async def get(self, device_id: int) -> DesiredConfig:
        """The newest version; version 0, empty, also for a device that does not exist."""
        return await self._database.read(lambda connection: _newest(connection, device_id))

    async def set(
        self, device_id: int, document: dict[str, Any], expected_version: int | None, actor: str
    ) -> DesiredConfig:
        """Make document the next version. expected_version: the version on which it is based; None: any.

        Raises NotFound (DEVICE_NOT_FOUND), VersionConflict (VERSION_CONFLICT), InvalidArgument for too large a document.
        """
        return await self._append(
            "config.set",
            device_id,
            lambda present: DesiredConfig(device_id, present.version + 1, document),
            expected_version,
            actor,
        )

    async def patch(
        self, device_id: int, patch: dict[str, Any], expected_version: int | None, actor: str
    ) -> DesiredConfig:
        """Make the next version out of the present one by a JSON merge patch. A patch without effect makes no version.

        Raises as set does.
        """

        def patched(present: DesiredConfig) -> DesiredConfig:
            document = merged(present.document, patch)
            unchanged = present.version and equal(document, present.document)
            return present if unchanged else DesiredConfig(device_id, present.version + 1, document)

        return await self._append("config.patch", device_id, patched, expected_version, actor)

    async def page(self, device_id: int, before_version: int | None, size: int) -> list[DesiredConfig]:
        """The versions of a device, newest first, those below before_version where it is given."""
        statement = _of_device(device_id).limit(size)
        if before_version is not None:
            statement = statement.where(DesiredRow.version < before_version)
        return await self._database.read(
            lambda connection: [DesiredConfig(*row) for row in connection.execute(statement)]
        )

    async def changed_since(self, since: datetime, after_id: int, size: int) -> list[DesiredConfig]:
        """The newest version of each device that was changed since then, by device, those with ids above after_id."""
        newest = (
            select(DesiredRow.device_id, func.max(DesiredRow.version).label("version"))
            .where(DesiredRow.created_at >= since, DesiredRow.device_id > after_id)
            .group_by(DesiredRow.device_id)
            .order_by(DesiredRow.device_id)
            .limit(size)
            .subquery()
        )
        is_newest = (DesiredRow.device_id == newest.c.device_id) & (DesiredRow.version == newest.c.version)
        statement = select(*COLUMNS).join(newest, is_newest).order_by(DesiredRow.device_id)
        return await self._database.read(
            lambda connection: [DesiredConfig(*row) for row in connection.execute(statement)]
        )

    async def _append(
        self,
        action: str,
        device_id: int,
        make: Callable[[DesiredConfig], DesiredConfig],
        expected_version: int | None,
        actor: str,
    ) -> DesiredConfig:
        now = self._clock()

        def append(connection: Connection) -> tuple[DesiredConfig, bool]:
            # The lock serializes the versions of a device.
            locked = select(DeviceRow.id).where(DeviceRow.id == device_id).with_for_update()
            if connection.scalar(locked) is None:
                raise device_not_found(device_id)
            present = _newest(connection, device_id)
            _check_version(expected_version, present.version)
            made = make(present)
            if made is present:
                return present, False
            check_size("configuration", made.document, MOST_CONFIGURATION_BYTES)
            values = {"device_id": device_id, "version": made.version, "document": made.document}
            connection.execute(insert(DesiredRow), values | {"actor": actor, "created_at": now})
            audit.add(connection, NewEntry(now, actor, action, f"device:{device_id}", {"version": made.version}))
            return DesiredConfig(device_id, made.version, made.document, actor, now), True

        try:
            desired, is_new = await self._database.write(append)
        except (asyncio.CancelledError, Unavailable):
            # The transaction may have been committed.
            self.changes.mark_gap(device_id)
            raise
        if is_new:
            self.changes.publish([desired])
        return desired


def _of_device(device_id: int) -> Select[Any]:
    return select(*COLUMNS).where(DesiredRow.device_id == device_id).order_by(DesiredRow.version.desc())


def _newest(connection: Connection, device_id: int) -> DesiredConfig:
    row = connection.execute(_of_device(device_id).limit(1)).one_or_none()
    return DesiredConfig(device_id, 0, {}) if row is None else DesiredConfig(*row)


def _check_version(expected: int | None, present: int) -> None:
    if expected not in (None, present):
        message = f"The change is based on version {expected}, but the current one is {present}; read it and try again."
        raise VersionConflict("VERSION_CONFLICT", message, field="expected_version")
