"""Backends that acknowledge before their own disk has the data."""

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import TelemetryStore

Answer = TypeVar("Answer")


class FlushedStore(TelemetryStore, Protocol):
    """A backend that acknowledges what its own disk does not have yet."""

    @property
    def epoch(self) -> int:
        """Another number as soon as the backend may have lost what was not flushed: its process, or a connection that
        stood for it, has gone. Changes before a write to the new one succeeds."""

    async def flush(self) -> None:
        """On return all that was written before is durable."""


async def durably(backend: FlushedStore, change: Coroutine[Any, Any, Answer]) -> Answer:
    """Change the backend; on return its disk has the change. Unavailable: it may not."""
    epoch = backend.epoch
    answer = await change
    await backend.flush()
    if backend.epoch != epoch:
        raise Unavailable("STORE_UNAVAILABLE", "The telemetry store went away while it was written to.")
    return answer
