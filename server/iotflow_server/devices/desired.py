"""What people want a device to run with; every version is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from iotflow_server.devices.database import Database
from iotflow_server.devices.device import device_not_found, utc_now
from iotflow_server.devices.models import DesiredRow, DeviceRow
from iotflow_server.errors import VersionConflict


@dataclass(frozen=True, slots=True)
class Desired:
    """version: 0 where nobody said anything yet; rises by one with each change."""

    device_id: int
    version: int
    document: dict[str, Any]


class DesiredConfigs:
    """Every method may raise Unavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def get(self, device_id: int) -> Desired:
        """Also for a device that does not exist: version 0, empty."""
        return await self._database.read(lambda connection: _newest(connection, device_id))

    async def set(self, device_id: int, document: dict[str, Any], expected_version: int | None, actor: str) -> Desired:
        """Make document the next version. expected_version: the one it is based on; None: whatever is there.

        Raises NotFound (DEVICE_NOT_FOUND), VersionConflict (VERSION_CONFLICT).
        """
        now = self._clock()

        def append(connection: Connection) -> Desired:
            # The lock makes versions follow one another; without the row there is nothing to configure.
            locked = select(DeviceRow.id).where(DeviceRow.id == device_id).with_for_update()
            if connection.scalar(locked) is None:
                raise device_not_found(device_id)
            present = _newest(connection, device_id).version
            _check_version(expected_version, present)
            desired = Desired(device_id, present + 1, document)
            row = insert(DesiredRow).values(device_id=device_id, version=desired.version, document=document)
            connection.execute(row.values(actor=actor, created_at=now))
            return desired

        return await self._database.write(append)


def _newest(connection: Connection, device_id: int) -> Desired:
    columns = select(DesiredRow.device_id, DesiredRow.version, DesiredRow.document)
    of_device = columns.where(DesiredRow.device_id == device_id)
    row = connection.execute(of_device.order_by(DesiredRow.version.desc()).limit(1)).one_or_none()
    return Desired(device_id, 0, {}) if row is None else Desired(*row)


def _check_version(expected: int | None, present: int) -> None:
    if expected not in (None, present):
        message = f"The change is based on version {expected}; the present one is {present}."
        raise VersionConflict("VERSION_CONFLICT", message, field="expected_version")
