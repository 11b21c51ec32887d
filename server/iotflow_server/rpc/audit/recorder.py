"""Audit entries of calls."""

from iotflow_server.audit import Audit
from iotflow_server.auth.principal import caller


class AuditRecorder:
    """Records what callers change."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def record(self, action: str, target: str, **details: object) -> None:
        """An entry by the present caller. Raises Unavailable."""
        await self._audit.record(caller().name, action, target, details)

    async def record_of_device(self, action: str, device_id: int, **details: object) -> None:
        """The same, of a device."""
        await self.record(action, f"device:{device_id}", **details)
