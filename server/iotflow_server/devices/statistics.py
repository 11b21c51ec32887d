"""Counts over all devices, for the dashboard and the analytics."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from sqlalchemy import Connection, func, select

from iotflow.words import DeviceStatus
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.devices.index.kept_index import KeptIndex
from iotflow_server.devices.rows import DEVICE_COLUMNS, devices, online

MOST_GROUPS = 100
# Days whose registrations are counted.
DAYS = 30

Grouping = Literal["device_type", "status", "location", "firmware_version"]


class DeviceStatistics:
    """Every method may raise Unavailable."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = utc_now, index: KeptIndex | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index

    @property
    def is_indexed(self) -> bool:
        """Whether the index counts, which knows the online devices."""
        return self._index is not None and self._index.is_complete

    async def by_status(self) -> dict[str, int]:
        """The number of devices by status; 0 for a status without devices."""
        return dict.fromkeys(DeviceStatus, 0) | dict(await self.grouped("status"))

    async def grouped(self, column: Grouping) -> list[tuple[str, int]]:
        """The number of devices by value of the column, for the 100 most frequent values in descending order."""
        by = {
            "device_type": DeviceRow.device_type,
            "status": DeviceRow.status,
            "location": DeviceRow.location,
            "firmware_version": DeviceRow.firmware_version,
        }[column]
        if (counts := await self._indexed(column)) is not None:
            return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_GROUPS]
        statement = select(by, func.count()).group_by(by).order_by(func.count().desc(), by).limit(MOST_GROUPS)
        return await self._database.read(
            lambda connection: [(value, count) for value, count in connection.execute(statement)]
        )

    async def registrations(self, days: int = DAYS) -> list[tuple[str, int]]:
        """Registrations on each of the last `days` days (UTC), such as ("2026-01-31", 4); today is last.

        Days without a registration are included. Removed devices do not count.
        """
        today = self._clock().astimezone(UTC).date()
        wanted = [today - timedelta(days=ago) for ago in reversed(range(days))]
        since = datetime.combine(wanted[0], time(), UTC)
        counts = await self._database.read(lambda connection: _registrations(connection, since))
        return [(day.isoformat(), counts.get(day.isoformat(), 0)) for day in wanted]

    async def recently_seen(self, limit: int) -> list[Device]:
        """The devices with the latest contacts, newest first."""
        was_seen = DeviceRow.last_seen.is_not(None)
        statement = select(*DEVICE_COLUMNS).where(was_seen).order_by(DeviceRow.last_seen.desc()).limit(limit)
        return await self._database.read(lambda connection: devices(connection.execute(statement)))

    async def online(self, since: datetime) -> int:
        """The number of devices online, for an online window that begins at this time."""
        indexed = await self._index.online() if self._index is not None else None
        if indexed is not None:
            return indexed
        statement = select(func.count()).select_from(DeviceRow).where(online(since))
        return await self._database.read(lambda connection: connection.scalar(statement) or 0)

    async def _indexed(self, column: Grouping) -> dict[str, int] | None:
        """The counts of the index, if it has the column."""
        if self._index is None or column not in ("status", "device_type"):
            return None
        return await (self._index.by_status() if column == "status" else self._index.by_type())


def _registrations(connection: Connection, since: datetime) -> dict[str, int]:
    # PostgreSQL would take the day from the session's zone; SQLite holds UTC.
    is_postgres = connection.dialect.name == "postgresql"
    created = func.timezone("UTC", DeviceRow.created_at) if is_postgres else DeviceRow.created_at
    day = func.date(created).label("day")
    rows = connection.execute(select(day, func.count()).where(DeviceRow.created_at >= since).group_by(day))
    return {str(name): count for name, count in rows}
