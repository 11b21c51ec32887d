"""Backends that acknowledge writes before their own disk has the data."""

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import TelemetryStore

Result = TypeVar("Result")


class FlushedBackend(TelemetryStore, Protocol):
    """A backend whose writes are durable only after a flush."""

    @property
    def epoch(self) -> int:
        """Changes as soon as the backend may have lost unflushed data, because its process or a sentinel connection ended.
        Changes before a write to the restarted backend succeeds."""

    async def flush(self) -> None:
        """On return all earlier writes are durable."""


async def durably(backend: FlushedBackend, change: Coroutine[Any, Any, Result]) -> Result:
    """Run a change of the backend; on return it is on the backend's disk. Raises Unavailable if it may not be."""
    epoch = backend.epoch
    result = await change
    await backend.flush()
    if backend.epoch != epoch:
        raise Unavailable("STORE_UNAVAILABLE", "The telemetry store restarted during the write; resend later.")
    return result
