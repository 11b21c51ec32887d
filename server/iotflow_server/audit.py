"""The audit log: which caller changed what. Entries are only ever added.

A change of the registry's database and its entry are one transaction (`add`): either both are kept or neither. The
telemetry store is no part of that transaction. An act on telemetry is recorded before the store is asked (`Audit.record`):
nothing is deleted without an entry, and an entry may stand for a deletion that the store then refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert, select

from iotflow_server.db.database import Database
from iotflow_server.db.models import AuditRow
from iotflow_server.devices.device import utc_now

# In the order of AuditEntry's fields.
COLUMNS = (AuditRow.id, AuditRow.timestamp, AuditRow.actor, AuditRow.action, AuditRow.target, AuditRow.details)
# Built once: it takes longer to build than to run.
ADD = insert(AuditRow)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """actor: token:<name>, device:<id> or anonymous. action: such as device.delete. target: such as device:7. timestamp: UTC."""

    id: int
    timestamp: datetime
    actor: str
    action: str
    target: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that is not added yet; see AuditEntry. details must hold no secret: entries are kept for good and shown."""

    timestamp: datetime
    actor: str
    action: str
    target: str
    details: Mapping[str, Any] = field(default_factory=dict)


def add(connection: Connection, entry: NewEntry) -> None:
    """Add an entry in the transaction of the change that it records."""
    values = {
        "timestamp": entry.timestamp,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "details": dict(entry.details),
    }
    connection.execute(ADD, values)


class Audit:
    """Every method may raise Unavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self, actor: str, action: str, target: str, details: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Add an entry on its own, before an act that the registry's database has no part in."""
        entry = NewEntry(self._clock(), actor, action, target, details)
        await self._database.write(lambda connection: add(connection, entry))

    async def page(self, target: str, before_id: int | None, size: int) -> list[AuditEntry]:
        """Newest first, with ids below before_id where it is given. target: empty for all."""
        statement = select(*COLUMNS).order_by(AuditRow.id.desc()).limit(size)
        if target:
            statement = statement.where(AuditRow.target == target)
        if before_id is not None:
            statement = statement.where(AuditRow.id < before_id)
        return await self._database.read(lambda connection: [AuditEntry(*row) for row in connection.execute(statement)])
