"""A durable store in the clothes of one that has to be flushed."""

from typing import Any

from iotflow_server.telemetry.ports import TelemetryStore


class DurableBackend:
    """Everything is the store's own; there is never anything to flush."""

    epoch = 0

    def __init__(self, store: TelemetryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def flush(self) -> None:
        """Nothing: on return of a write it was durable."""
