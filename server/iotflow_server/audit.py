"""Who did what. Entries are only ever added."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import insert, select

from iotflow_server.db.database import Database
from iotflow_server.db.models import AuditRow
from iotflow_server.devices.device import utc_now

# In the order of AuditEntry's fields.
COLUMNS = (AuditRow.id, AuditRow.timestamp, AuditRow.actor, AuditRow.action, AuditRow.target, AuditRow.details)

NO_DETAILS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """actor: token:<name> or device:<id>. action: such as device.delete. target: such as device:7. timestamp: UTC."""

    id: int
    timestamp: datetime
    actor: str
    action: str
    target: str
    details: dict[str, Any]


class Audit:
    """Every method may raise Unavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(self, actor: str, action: str, target: str, details: Mapping[str, Any] = NO_DETAILS) -> None:
        """details must hold no secret: entries are kept for good and shown."""
        values = {
            "timestamp": self._clock(),
            "actor": actor,
            "action": action,
            "target": target,
            "details": dict(details),
        }
        await self._database.write(lambda connection: connection.execute(insert(AuditRow), values))

    async def page(self, target: str, before_id: int | None, size: int) -> list[AuditEntry]:
        """Newest first, with ids below before_id where it is given. target: empty for all."""
        statement = select(*COLUMNS).order_by(AuditRow.id.desc()).limit(size)
        if target:
            statement = statement.where(AuditRow.target == target)
        if before_id is not None:
            statement = statement.where(AuditRow.id < before_id)
        return await self._database.read(lambda connection: [AuditEntry(*row) for row in connection.execute(statement)])
